/** Which right around leases opens which route, and how far. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { providerOf, type Scene, scene } from "../testing/callers.ts";
import { follow } from "../testing/follower.ts";
import { until } from "../testing/moments.ts";
import { ok, type TestServer } from "../testing/server.ts";

let at: Scene;
const low = { metadata: { $elemMatch: { key: "class", value: "low" } } };
before(async () => {
  at = await scene();
  const metadata = [{ key: "class", value: "low" }];
  const body = { ...at.loc, name: "low", provider: providerOf(at.target), defaultTTL: "1h", metadata };
  ok(await ask("POST", "/api/v1/dynamic-secrets", body));
});
after(() => at?.stop());

const leases = "/api/v1/dynamic-secrets/leases";
const ofProject = (rest = "") => `/api/v1/projects/${at.projectId}/leases${rest}`;
const ask: TestServer["ask"] = (...asked) => at.server.ask(...asked);

/** The token of an identity that may do this with leases. */
async function holder(action: string[], conditions?: object): Promise<string> {
  const { id, token } = await at.server.newIdentity();
  const slug = `role-${id}`;
  const permissions = [{ subject: "dynamic-secrets", action, conditions }];
  ok(await ask("POST", `/api/v1/projects/${at.projectId}/roles`, { slug, name: "Role", permissions }));
  const member = `/api/v2/workspace/${at.projectId}/identity-memberships/${id}`;
  ok(await ask("POST", member, { roles: [{ role: slug }] }));
  return token;
}

async function leased(token?: string, dynamicSecretName = "postgres"): Promise<string> {
  return ok(await ask("POST", leases, { ...at.loc, dynamicSecretName, heartbeat: "1h" }, token)).body.lease.id;
}

test("a beat needs the right to renew, and one's own is enough for one's own", async () => {
  const token = await holder(["lease-create", "lease-renew-own"]);
  const beat = async (id: string) => (await ask("POST", `${leases}/${id}/beat`, at.loc, token)).status;
  assert.equal(await beat(await leased(token)), 200);
  assert.equal(await beat(await leased()), 404);
});

test("who hands a lease over may end it and make another", async () => {
  const rotate = async (id: string, token: string) =>
    (await ask("POST", `${leases}/${id}/rotate`, { ...at.loc, grace: "1h" }, token)).status;
  const both = await holder(["lease-create", "lease-revoke-own"]);
  assert.equal(await rotate(await leased(both), both), 200);
  assert.equal(await rotate(await leased(), both), 404);
  const revoker = await holder(["lease-revoke-any"]);
  assert.equal(await rotate(await leased(), revoker), 403);
  const elsewhere = { ...at.loc, path: "/other" };
  const misplaced = await ask("POST", `${leases}/${await leased()}/rotate`, elsewhere, revoker);
  assert.equal(misplaced.status, 404, "in another folder it is not there");
  const renewer = await holder(["lease-create", "lease-renew-any"]);
  assert.equal(await rotate(await leased(renewer), renewer), 403);
});

test("lists and histories hold what may be read, and count nothing for who does not see all", async () => {
  const [own, all] = [await holder(["lease-create", "lease-read-own"]), await holder(["lease-read-any"])];
  const [mine, theirs] = [await leased(own), await leased()];
  const listed = ok(await ask("GET", ofProject(), undefined, own)).body;
  assert.deepEqual([listed.leases.map(({ id }: { id: string }) => id), listed.totalCount], [[mine], null]);
  assert.ok(ok(await ask("GET", ofProject(), undefined, all)).body.totalCount >= 2);
  ok(await ask("GET", ofProject(`/${mine}`), undefined, own));
  assert.equal((await ask("GET", ofProject(`/${theirs}`), undefined, own)).status, 404);
  const few = await holder(["lease-read-any"], low);
  const marked = await leased(undefined, "low");
  const found = ok(await ask("GET", ofProject(), undefined, few)).body;
  assert.deepEqual([found.leases.map(({ id }: { id: string }) => id), found.totalCount], [[marked], null]);
});

test("an order over many needs the right to end any, and shows only what may be read", async () => {
  const order = (token: string) => ask("POST", ofProject("/revoke"), { filter: {} }, token);
  await leased();
  for (const token of [
    await holder(["lease-revoke-own", "lease-read-any"]),
    await holder(["lease-revoke-any"], low),
    await holder(["lease-read-any", "lease-renew-any"]),
  ]) {
    assert.equal((await order(token)).status, 403);
  }
  const blind = ok(await order(await holder(["lease-revoke-any"]))).body;
  assert.deepEqual(blind.leases, []);
  assert.ok(blind.count > 0);
  const seeing = ok(await order(await holder(["lease-revoke-any", "lease-read-any"]))).body;
  assert.equal(seeing.leases.length, seeing.count);
});

test("events of leases come by the right to read them, those of targets to who may read any on them", async () => {
  const origin = at.server.running.url.replace("localhost", "127.0.0.1");
  const url = `${origin}/api/v1/events?projectId=${at.projectId}`;
  const own = await holder(["lease-create", "lease-read-own"]);
  const few = await holder(["lease-read-any"], low);
  const [mine, marked] = [await follow(url, own), await follow(url, few)];
  await until(async () => mine.lastId() !== undefined && marked.lastId() !== undefined);
  const ids = [await leased(), await leased(own), await leased(undefined, "low")];
  const { audit } = await import("@dayfly/store");
  const target = `${at.target.host}:${at.target.port}`;
  const { store } = at.server.running;
  await store.transaction((tx) => audit.append(tx, audit.systemCaller, { event: "target.down", target }));
  for (const [one, id] of [
    [mine, ids[1]],
    [marked, ids[2]],
  ] as const) {
    await until(async () => one.events.some(({ event }) => event === "target.down"));
    // What another test's leases still do may be told beside.
    const about = new Set(one.events.map(({ data }) => data.leaseId));
    assert.deepEqual(
      ids.filter((made) => about.has(made)),
      [id],
    );
    one.leave();
  }
  assert.equal((await follow(url, await holder(["lease-create"]))).status, 403);
});

test("a stream spends one use of a token, however much it tells", async () => {
  const { clientId, clientSecret } = at.server.running.bootstrap!.identity;
  const token = await at.server.login({ clientId, clientSecret });
  await at.server.running.store.sql
    .updateTable("access_tokens")
    .set({ num_uses_limit: 1 })
    .where("num_uses", "=", 0)
    .where("created_at", "=", (query) =>
      query.selectFrom("access_tokens").select(({ fn }) => fn.max("created_at").as("last")),
    )
    .execute();
  const origin = at.server.running.url.replace("localhost", "127.0.0.1");
  const one = await follow(`${origin}/api/v1/events?projectId=${at.projectId}`, token);
  assert.equal(one.status, 200);
  await until(async () => one.lastId() !== undefined);
  const id = await leased();
  await until(async () => one.events.some(({ data }) => data.leaseId === id));
  one.leave();
  assert.equal((await ask("GET", "/api/v1/projects", undefined, token)).status, 403);
});
