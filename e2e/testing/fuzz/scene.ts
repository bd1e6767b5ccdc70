/** A server with two projects and everybody who may ask about them. */
import { randomBytes } from "node:crypto";
import { makeIdentity } from "../identities.ts";
import { type Orders, startOrders } from "../orders.ts";
import { type Server, startServer, until } from "../server.ts";
import { type Json, signIn, type Wire } from "../wire.ts";
import { makeStranger, type Stranger } from "./stranger.ts";
import { dynamicSecretName, type Keepers, mend, path, providerOn, secretId, type Things } from "./things.ts";
import { tokenAttacks } from "./tokens.ts";

/** Everything that a run needs. */
export interface Scene {
  server: Server;
  orders: Orders;
  document: Json;
  stranger: Stranger;
  /** Own things, and as `their.…` those of the stranger. */
  things: Things;
  keepers: Keepers;
  /** What each sends as `Authorization`. */
  callers: Record<string, string | null>;
  /** What a forger sends. */
  attacks: string[];
  /** What each caller's answers, or with `*` anybody's, may not hold. */
  hidden: Record<string, string[]>;
  stop(): Promise<void>;
}

/** Builds it, by the API alone. */
export async function openScene(): Promise<Scene> {
  const orders = await startOrders();
  // Nobody sees admin credentials, so that they can be looked for in every answer.
  const server = await startServer({ MIN_LEASE_TTL: "60s", HIDE_ROOT_CREDENTIALS: "true" });
  const ruler = await signIn(server.url, server.bootstrap.identity);
  const stranger = await makeStranger(server, ruler, orders);
  const [admin, member, viewer, leaseOnly] = await Promise.all(
    ["Admin", "Member", "Viewer", "Lease only"].map((name) =>
      makeIdentity(server, ruler, { name, orgRole: name === "Admin" ? "member" : "no-access" }),
    ),
  );
  const secret = `canary-admin-${randomBytes(9).toString("hex")}`;
  const provider = providerOn(orders);
  const bearer = (who: { headers: Record<string, string> }): string => who.headers.authorization!;
  const callers: Scene["callers"] = {
    admin: bearer(admin!.wire),
    ruler: bearer(ruler),
    member: bearer(member!.wire),
    viewer: bearer(viewer!.wire),
    leaseOnly: bearer(leaseOnly!.wire),
    person: null,
    nobody: null,
  };
  const keepers: Keepers = {
    admin: admin!.wire,
    ruler,
    organizationId: server.bootstrap.organizationId,
    provider,
    async signIn() {
      const token = callers.person?.slice("Bearer ".length) ?? null;
      if ((await ruler.as(token).call("GET", "/api/v1/users/me")).status === 200) return;
      const body = server.bootstrap.admin;
      // Too many wrong logins from here may have shut the door for a while.
      const { status, body: said } = await ruler.as(null).call("POST", "/api/v3/auth/login", { body });
      if (status === 200) callers.person = `Bearer ${said.accessToken}`;
    },
    async join(projectId) {
      const secrets = [{ environment: "prod", path, name: dynamicSecretName }];
      const roles = {
        [member!.id]: { role: "member" },
        [viewer!.id]: { role: "viewer" },
        [leaseOnly!.id]: { role: "lease-only", secrets },
      };
      for (const [id, role] of Object.entries(roles)) {
        await admin!.wire.ok("POST", `/api/v2/workspace/${projectId}/identity-memberships/${id}`, {
          body: { roles: [role] },
        });
      }
      const place = { projectId, environmentSlug: "prod", path: "/database/admin" };
      await secretId(admin!.wire, place, "ADMIN_KEY", secret);
    },
  };
  const their = Object.fromEntries(Object.entries(stranger.things).map(([name, value]) => [`their.${name}`, value]));
  const { clientId, clientSecret } = await spareLogin(server, ruler);
  const things: Things = { ...their, organizationId: server.bootstrap.organizationId, clientId, clientSecret };
  await mend(things, keepers);
  if (callers.person === null) throw new Error("the person cannot sign in");
  const token = callers.admin!.slice("Bearer ".length);
  const dead = await deadTokens(server, ruler);
  const identityId = admin!.id;
  const low = [secret, ...stranger.names];
  return {
    server,
    orders,
    document: await (await fetch(`${server.url}/openapi.json`)).json(),
    stranger,
    things,
    keepers,
    callers,
    attacks: tokenAttacks({ token, clientId, clientSecret, identityId, dead }),
    hidden: {
      "*": [...stranger.secrets, orders.admin.password, server.bootstrap.identity.clientSecret],
      admin: stranger.names,
      member: stranger.names,
      viewer: stranger.names,
      leaseOnly: low,
      nobody: low,
      forger: low,
    },
    async stop() {
      await server.remove();
      await orders.stop();
    },
  };
}

/** A login that nobody else uses: too many wrong ones lock it. */
async function spareLogin(server: Server, ruler: Wire): Promise<{ clientId: string; clientSecret: string }> {
  const body = { name: "Locked", organizationId: server.bootstrap.organizationId };
  const { identity } = await ruler.ok("POST", "/api/v1/identities", { body });
  const auth = `/api/v1/auth/universal-auth/identities/${identity.id}`;
  const { identityUniversalAuth } = await ruler.ok("POST", auth, { body: {} });
  const { clientSecret } = await ruler.ok("POST", `${auth}/client-secrets`, { body: {} });
  return { clientId: identityUniversalAuth.clientId, clientSecret };
}

/** Tokens that were good: expired, of a deleted identity, and used up. */
async function deadTokens(server: Server, ruler: Wire): Promise<string[]> {
  const expired = await makeIdentity(server, ruler, { name: "Expired", orgRole: "admin", tokenSeconds: 1 });
  const deleted = await makeIdentity(server, ruler, { name: "Deleted", orgRole: "admin" });
  const used = await makeIdentity(server, ruler, { name: "Used", orgRole: "admin", tokenUses: 1 });
  await ruler.ok("DELETE", `/api/v1/identities/${deleted.id}`);
  const dead = [expired, deleted, used].map(({ wire }) => wire);
  const refuses = async (who: Wire): Promise<boolean> => (await who.call("GET", "/api/v1/projects")).status === 403;
  for (const who of dead) await until(5_000, () => refuses(who), "a dead token still works");
  return dead.map(({ headers }) => headers.authorization!.slice("Bearer ".length));
}
