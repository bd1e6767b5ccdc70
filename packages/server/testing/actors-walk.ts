/** The part of the walk over all routes that is about people and machines: requests in an order in which each has what it needs. */
import type { RouteName } from "@dayfly/contract";
import type { Heard, TestServer } from "./server.ts";

const anId = "11111111-2222-4333-8444-555555555555";

/** From an invitation to a deletion, and then the first admin's own session. */
export const peoplesOrder = [
  "renewToken",
  "revokeToken",
  "listOrganizations",
  "listAccessibleOrganizations",
  "inviteUser",
  "listUsers",
  "getUser",
  "updateUser",
  "createUserLink",
  "acceptLink",
  "endUserSessions",
  "deleteUser",
  "loginUser",
  "selectOrganization",
  "checkAuth",
  "getMe",
  "changePassword",
  "listSessions",
  "endSession",
  "endOtherSessions",
  "logoutUser",
] as const satisfies RouteName[];

/** Of an identity with universal auth and a client secret; at the end it has neither. */
export const machinesOrder = [
  "listIdentities",
  "getIdentityDetails",
  "getIdentity",
  "updateIdentity",
  "getUniversalAuth",
  "updateUniversalAuth",
  "listClientSecrets",
  "getClientSecret",
  "revokeClientSecret",
  "detachUniversalAuth",
] as const satisfies RouteName[];

/** What every member of the organization may read. */
export const actorsMembersSee: RouteName[] = [
  ...(["listUsers", "getUser", "listIdentities", "getIdentity"] as const),
  ...(["getUniversalAuth", "listClientSecrets", "getClientSecret"] as const),
];

/** Refused to machines, so the first admin asks it. */
const forPeople: RouteName[] = [
  ...(["selectOrganization", "checkAuth", "getMe", "changePassword"] as const),
  ...(["listSessions", "endSession", "endOtherSessions", "logoutUser"] as const),
];

type Request = { path: string; body?: unknown };
type ActorsRoute = (typeof peoplesOrder)[number] | (typeof machinesOrder)[number];

/** A password that somebody sets on the way. */
const newPassword = "canary-new-password";

/** Walks; `before` and `after` are told of each route that is asked by an admin. */
export function actorsWalk(server: TestServer) {
  const { admin, organizationId, identity } = server.running.bootstrap!;
  const known = { clientSecretId: anId, userId: anId, sessionId: anId, linkToken: "none", accessToken: "none" };
  let session = "none";
  return {
    requests(identityId: string): Record<ActorsRoute, Request> {
      const user = `/api/v1/organization/users/${known.userId}`;
      const ua = `/api/v1/auth/universal-auth/identities/${identityId}`;
      return {
        renewToken: { path: "/api/v1/auth/token/renew", body: { accessToken: known.accessToken } },
        revokeToken: { path: "/api/v1/auth/token/revoke", body: { accessToken: known.accessToken } },
        loginUser: { path: "/api/v3/auth/login", body: admin },
        selectOrganization: { path: "/api/v3/auth/select-organization", body: { organizationId } },
        checkAuth: { path: "/api/v1/auth/checkAuth", body: {} },
        logoutUser: { path: "/api/v1/auth/logout" },
        listSessions: { path: "/api/v1/users/me/sessions" },
        endSession: { path: `/api/v1/users/me/sessions/${known.sessionId}` },
        endOtherSessions: { path: "/api/v1/users/me/sessions" },
        getMe: { path: "/api/v1/users/me" },
        changePassword: {
          path: "/api/v1/users/me/password",
          body: { currentPassword: admin.password, newPassword },
        },
        acceptLink: { path: "/api/v1/users/accept-link", body: { token: known.linkToken, password: newPassword } },
        listUsers: { path: "/api/v1/organization/users" },
        inviteUser: { path: "/api/v1/organization/users", body: { email: "walker@dayfly.test", role: "member" } },
        getUser: { path: user },
        updateUser: { path: user, body: { name: "Walker" } },
        createUserLink: { path: `${user}/link` },
        endUserSessions: { path: `${user}/sessions` },
        deleteUser: { path: user },
        listOrganizations: { path: "/api/v1/organization" },
        listAccessibleOrganizations: { path: "/api/v1/organization/accessible-with-sub-orgs" },
        listIdentities: { path: "/api/v1/identities" },
        getIdentityDetails: { path: "/api/v1/identities/details" },
        getIdentity: { path: `/api/v1/identities/${identityId}` },
        updateIdentity: { path: `/api/v1/identities/${identityId}`, body: { name: "wanderer" } },
        getUniversalAuth: { path: ua },
        updateUniversalAuth: { path: ua, body: { accessTokenTTL: 600 } },
        detachUniversalAuth: { path: ua },
        listClientSecrets: { path: `${ua}/client-secrets` },
        getClientSecret: { path: `${ua}/client-secrets/${known.clientSecretId}` },
        revokeClientSecret: { path: `${ua}/client-secrets/${known.clientSecretId}/revoke` },
      };
    },
    /** The token that an admin asks a route with, where it is a person's. */
    sessionFor: (name: RouteName) => (forPeople.includes(name) ? session : undefined),
    async before(name: RouteName): Promise<void> {
      if (name === "renewToken") known.accessToken = await server.login(identity);
      if (name !== "endSession") return;
      const body = { ...admin, password: newPassword };
      const other = await server.call("POST", "/api/v3/auth/login", { body });
      const listed = await server.call("GET", "/api/v1/users/me/sessions", { token: other.body.accessToken });
      known.sessionId = listed.body.sessions.find((one: { isCurrent: boolean }) => one.isCurrent).id;
    },
    after(name: RouteName, heard: Heard): void {
      if (name === "createClientSecret") known.clientSecretId = heard.body.clientSecretData.id;
      if (name === "inviteUser") known.userId = heard.body.user.id;
      if (name === "createUserLink") known.linkToken = heard.body.link.token;
      if (name === "loginUser") session = heard.body.accessToken;
      if (name === "selectOrganization") session = heard.body.token;
    },
    /** What must be found nowhere afterwards. */
    secrets: () => [newPassword, admin.password, known.linkToken, session],
  };
}
