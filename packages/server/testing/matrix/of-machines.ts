/** Machine identities of the organization, and what they sign in with. */
import type { Entries } from "./entry.ts";
import { type Lab, newName, type Thing } from "./lab.ts";

const identities = "/api/v1/identities";
const auth = (id: string) => `/api/v1/auth/universal-auth/identities/${id}`;

async function machine({ done, server }: Lab): Promise<Thing> {
  const name = newName();
  const body = { name, organizationId: server.running.bootstrap!.organizationId, role: "no-access" };
  return { id: (await done("POST", identities, body)).identity.id, name };
}

/** With universal auth. */
async function signingIn(lab: Lab): Promise<Thing> {
  const made = await machine(lab);
  await lab.done("POST", auth(made.id), {});
  return made;
}

/** With a client secret: the name is its id. */
async function withSecret(lab: Lab): Promise<Thing> {
  const { id } = await signingIn(lab);
  return { id, name: (await lab.done("POST", `${auth(id)}/client-secrets`, {})).clientSecretData.id };
}

export function ofMachines({ server }: Pick<Lab, "server">) {
  const { organizationId } = server.running.bootstrap!;
  return {
    createIdentity: {
      ask: (_at, { name }) => ({ path: identities, body: { name, organizationId, role: "no-access" } }),
    },
    listIdentities: { ask: () => ({ path: identities }) },
    getIdentityDetails: { ask: () => ({ path: `${identities}/details` }) },
    getIdentity: { make: machine, ask: (_at, { id }) => ({ path: `${identities}/${id}` }) },
    updateIdentity: {
      make: machine,
      ask: (_at, { id }) => ({ path: `${identities}/${id}`, body: { name: "changed" } }),
    },
    deleteIdentity: { make: machine, spends: true, ask: (_at, { id }) => ({ path: `${identities}/${id}` }) },
    attachUniversalAuth: { make: machine, spends: true, ask: (_at, { id }) => ({ path: auth(id), body: {} }) },
    getUniversalAuth: { make: signingIn, ask: (_at, { id }) => ({ path: auth(id) }) },
    updateUniversalAuth: {
      make: signingIn,
      ask: (_at, { id }) => ({ path: auth(id), body: { accessTokenTTL: 600 } }),
    },
    detachUniversalAuth: { make: signingIn, spends: true, ask: (_at, { id }) => ({ path: auth(id) }) },
    createClientSecret: { make: signingIn, ask: (_at, { id }) => ({ path: `${auth(id)}/client-secrets`, body: {} }) },
    listClientSecrets: { make: signingIn, ask: (_at, { id }) => ({ path: `${auth(id)}/client-secrets` }) },
    getClientSecret: {
      make: withSecret,
      ask: (_at, { id, name }) => ({ path: `${auth(id)}/client-secrets/${name}` }),
      missing: async (lab) => ({ id: (await signingIn(lab)).id, name: crypto.randomUUID() }),
    },
    revokeClientSecret: {
      make: withSecret,
      spends: true,
      ask: (_at, { id, name }) => ({ path: `${auth(id)}/client-secrets/${name}/revoke` }),
      missing: async (lab) => ({ id: (await signingIn(lab)).id, name: crypto.randomUUID() }),
    },
  } as const satisfies Entries;
}
