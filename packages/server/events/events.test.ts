/** Events over real HTTP: what comes, to whom, and how one goes on after a break. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Scene, scene } from "../testing/callers.ts";
import { type Follower, follow } from "../testing/follower.ts";
import { until } from "../testing/moments.ts";
import { createFeed } from "./feed.ts";

let at: Scene;
const open: Follower[] = [];
before(async () => {
  at = await scene();
});
after(async () => {
  for (const one of open) one.leave();
  await at?.stop();
});

const dynamic = "/api/v1/dynamic-secrets";
async function following(
  token: string,
  query: Record<string, string> = {},
  lastEventId?: string,
  projectId = at.projectId,
): Promise<Follower> {
  const origin = at.server.running.url.replace("localhost", "127.0.0.1");
  const url = `${origin}/api/v1/events?${new URLSearchParams({ projectId, ...query })}`;
  const one = await follow(url, token, lastEventId);
  open.push(one);
  if (one.status === 200) await until(async () => one.lastId() !== undefined);
  return one;
}

async function leaseAndRevoke(token = at.tokens.admin): Promise<string> {
  const body = { ...at.loc, dynamicSecretName: "postgres" };
  const made = await at.server.call("POST", `${dynamic}/leases`, { token, body });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  const { id } = made.body.lease;
  const ended = await at.server.call("DELETE", `${dynamic}/leases/${id}`, { token, body: at.loc });
  assert.equal(ended.status, 200);
  return id;
}

const kindsOf = ({ events }: Follower, leaseId: string): string[] =>
  events.filter(({ data }) => data.leaseId === leaseId).map(({ event }) => event);
const hears = (one: Follower, leaseId: string) => until(async () => kindsOf(one, leaseId).at(-1) === "lease.gone");

test("a lease's life is told in order, with its place and no secret, and following is recorded", async () => {
  const one = await following(at.tokens.admin);
  assert.match(String(one.headers["content-type"]), /^text\/event-stream/);
  assert.equal(one.headers["cache-control"], "no-store");
  const id = await leaseAndRevoke();
  await hears(one, id);
  assert.deepEqual(kindsOf(one, id), ["lease.issued", "lease.revoking", "lease.gone"]);
  const { data } = one.events.find(({ data }) => data.leaseId === id)!;
  assert.deepEqual(
    [data.projectId, data.environmentSlug, data.path, data.dynamicSecretName],
    [at.projectId, "prod", "/database", "postgres"],
  );
  const ids = one.events.map((event) => Number(event.id));
  assert.deepEqual(
    ids,
    ids.toSorted((a, b) => a - b),
  );
  const [row] = await at.server.auditOf(String(one.headers["x-request-id"]));
  assert.equal(row!.event, "stream-events");
  one.leave();
});

test("who comes back is told what it missed, once, and who was away for too long begins anew", async () => {
  const first = await following(at.tokens.admin);
  const before = await leaseAndRevoke();
  await hears(first, before);
  first.leave();
  const missed = await leaseAndRevoke();
  const again = await following(at.tokens.admin, {}, first.lastId());
  await hears(again, missed);
  assert.deepEqual(kindsOf(again, before), []);
  again.leave();
  const future = await following(at.tokens.admin, {}, "999999999");
  await until(async () => future.events.length > 0);
  assert.equal(future.events[0]!.event, "reset");
  future.leave();
});

test("each event is told only to who may see its lease, and who asks for another place hears nothing of it", async () => {
  const mine = await following(at.tokens.leaseOnly);
  const elsewhere = await following(at.tokens.admin, { path: "/other" });
  const dev = await following(at.tokens.admin, { environmentSlug: "dev" });
  const here = await following(at.tokens.admin, { environmentSlug: "prod", path: "/database" });
  const theirs = await leaseAndRevoke();
  const own = await leaseAndRevoke(at.tokens.leaseOnly);
  await hears(mine, own);
  await hears(here, own);
  assert.deepEqual(kindsOf(mine, theirs), []);
  assert.deepEqual(kindsOf(here, theirs).at(-1), "lease.gone");
  for (const quiet of [elsewhere, dev]) assert.deepEqual(quiet.events, []);
  for (const one of [mine, elsewhere, dev, here]) one.leave();
});

test("strangers and bad queries are refused, as on every route", async () => {
  assert.equal((await following(at.tokens.foreign)).status, 404);
  assert.equal((await following(at.tokens.badToken)).status, 403);
  assert.equal((await following(at.tokens.admin, { path: "a//b/../c" })).status, 422);
  const viewer = await at.server.newIdentity();
  const path = `/api/v2/workspace/${at.projectId}/identity-memberships/${viewer.id}`;
  await at.server.call("POST", path, { token: at.tokens.admin, body: { roles: [{ role: "viewer" }] } });
  assert.equal((await following(viewer.token)).status, 403);
});

test("whoever loses the right hears nothing more: the stream ends", async () => {
  const member = await at.server.newIdentity();
  const path = `/api/v2/workspace/${at.projectId}/identity-memberships/${member.id}`;
  await at.server.call("POST", path, { token: at.tokens.admin, body: { roles: [{ role: "member" }] } });
  const one = await following(member.token);
  const first = await leaseAndRevoke();
  await hears(one, first);
  await at.server.call("DELETE", path, { token: at.tokens.admin });
  const second = await leaseAndRevoke();
  await one.ended;
  assert.deepEqual(kindsOf(one, second), []);
});

test("one caller has ten streams at most; a closed one makes room", async () => {
  const all = await Promise.all(Array.from({ length: 10 }, () => following(at.tokens.leaseOnly)));
  const refused = await following(at.tokens.leaseOnly);
  assert.equal(refused.status, 429);
  assert.ok(refused.headers["retry-after"]);
  all[0]!.leave();
  await until(async () => (await following(at.tokens.leaseOnly)).status === 200);
  for (const one of open) one.leave();
});

test("who reads too slowly is cut off, and nothing is kept for it", async () => {
  const { store } = at.server.running;
  const feed = createFeed(store, (error) => assert.fail(String(error)), 10);
  const cut = Promise.withResolvers<void>();
  let written = 0;
  const stream = feed.follow({
    projectId: at.projectId,
    after: null,
    holder: "slow",
    rights: async () => ({ may: () => true, mayWithSome: () => true }),
  });
  stream({
    write: (text) => {
      written += 1;
      return text.includes("lease.") ? 1024 * 1024 : 0;
    },
    end: () => assert.fail("it is not a goodbye"),
    cut: cut.resolve,
  });
  await until(async () => written > 0);
  await leaseAndRevoke();
  await cut.promise;
  assert.equal(written, 2, "the greeting and the one event that was too much");
  feed.close();
});

test("a target that goes down is told to the projects that have it", async () => {
  const one = await following(at.tokens.admin);
  const { store } = at.server.running;
  const { audit } = await import("@dayfly/store");
  const target = `${at.target.host}:${at.target.port}`;
  await store.transaction((tx) =>
    audit.append(tx, audit.systemCaller, { event: "target.down", target, errorClass: "unreachable" }),
  );
  await until(async () => one.events.some(({ event }) => event === "target.down"));
  assert.equal(one.events.find(({ event }) => event === "target.down")!.data.target, target);
  one.leave();
});

test("a server that stops says goodbye to its followers at once", async () => {
  const one = await following(at.tokens.admin);
  const began = performance.now();
  await at.server.running.stop();
  await one.ended;
  assert.ok(performance.now() - began < 20_000, "it does not wait for streams");
});
