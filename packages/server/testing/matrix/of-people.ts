/** People, their sessions, and the organization; machines' tokens; what is open to everybody. */
import type { Entries } from "./entry.ts";
import { type Ground, type Lab, newName, type Thing } from "./lab.ts";

const users = "/api/v1/organization/users";
const sessions = "/api/v1/users/me/sessions";
const newPassword = "a password of the matrix";

async function person({ done }: Lab): Promise<Thing> {
  const email = `${newName()}@dayfly.test`;
  return { id: (await done("POST", users, { email, role: "no-access" })).user.id, name: email };
}

/** Named by the token of an invitation. */
async function link({ done }: Lab): Promise<Thing> {
  const email = `${newName()}@dayfly.test`;
  return { id: (await done("POST", users, { email, role: "no-access" })).link.token, name: email };
}

/** Named by the access token of a machine. */
async function token({ server }: Lab): Promise<Thing> {
  return { id: await server.login(server.running.bootstrap!.identity), name: "" };
}

/** The session that a token is of. */
async function session({ done }: Lab, _ground: Ground, token: string): Promise<Thing> {
  const all = (await done("GET", sessions, undefined, token)).sessions;
  return { id: all.find((one: { isCurrent: boolean }) => one.isCurrent).id, name: "" };
}

export function ofPeople({ server }: Pick<Lab, "server">) {
  const { admin, identity, organizationId } = server.running.bootstrap!;
  return {
    universalAuthLogin: { ask: () => ({ path: "/api/v1/auth/universal-auth/login", body: identity }) },
    renewToken: {
      make: token,
      ask: (_at, { id }) => ({ path: "/api/v1/auth/token/renew", body: { accessToken: id } }),
    },
    revokeToken: {
      make: token,
      spends: true,
      ask: (_at, { id }) => ({ path: "/api/v1/auth/token/revoke", body: { accessToken: id } }),
    },
    loginUser: { ask: () => ({ path: "/api/v3/auth/login", body: admin }) },
    selectOrganization: {
      isForPeople: true,
      endsSession: true,
      ask: () => ({ path: "/api/v3/auth/select-organization", body: { organizationId } }),
    },
    checkAuth: { ask: () => ({ path: "/api/v1/auth/checkAuth", body: {} }) },
    logoutUser: { isForPeople: true, endsSession: true, ask: () => ({ path: "/api/v1/auth/logout" }) },
    listSessions: { isForPeople: true, ask: () => ({ path: sessions }) },
    endSession: {
      isForPeople: true,
      endsSession: true,
      make: session,
      isOwned: true,
      ask: (_at, { id }) => ({ path: `${sessions}/${id}` }),
    },
    endOtherSessions: { isForPeople: true, endsSession: true, ask: () => ({ path: sessions }) },
    getMe: { isForPeople: true, ask: () => ({ path: "/api/v1/users/me" }) },
    changePassword: {
      isForPeople: true,
      endsSession: true,
      ask: (_at, { name }) => ({
        path: "/api/v1/users/me/password",
        body: { currentPassword: name, newPassword },
      }),
    },
    acceptLink: {
      make: link,
      spends: true,
      ask: (_at, { id }) => ({ path: "/api/v1/users/accept-link", body: { token: id, password: newPassword } }),
    },
    listUsers: { ask: () => ({ path: users }) },
    inviteUser: {
      ask: (_at, { name }) => ({ path: users, body: { email: `${name}@dayfly.test`, role: "no-access" } }),
    },
    getUser: { make: person, ask: (_at, { id }) => ({ path: `${users}/${id}` }) },
    updateUser: { make: person, ask: (_at, { id }) => ({ path: `${users}/${id}`, body: { name: "changed" } }) },
    deleteUser: { make: person, spends: true, ask: (_at, { id }) => ({ path: `${users}/${id}` }) },
    createUserLink: { make: person, ask: (_at, { id }) => ({ path: `${users}/${id}/link` }) },
    endUserSessions: { make: person, ask: (_at, { id }) => ({ path: `${users}/${id}/sessions` }) },
    listOrganizations: { ask: () => ({ path: "/api/v1/organization" }) },
    listAccessibleOrganizations: { ask: () => ({ path: "/api/v1/organization/accessible-with-sub-orgs" }) },
    getStatus: { ask: () => ({ path: "/api/status" }) },
    getHealth: { ask: () => ({ path: "/healthz" }) },
    getReadiness: { ask: () => ({ path: "/readyz" }) },
    getOpenApi: { ask: () => ({ path: "/openapi.json" }) },
  } as const satisfies Entries;
}
