/** Deleting what leases hang on, as clients meet it: answers, lists, and what is left for people to find. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { postgres18 } from "../../scripts/servers/postgres.ts";
import { providerOf, type Scene, scene } from "./testing/callers.ts";
import { stepGate, until } from "./testing/moments.ts";
import { type Heard, ok, type TestServer } from "./testing/server.ts";

let at: Scene;
const gate = stepGate();
before(async () => {
  at = await scene({}, { step: gate.step });
});
after(() => at?.stop());

const dynamic = "/api/v1/dynamic-secrets";
const ask: TestServer["ask"] = (...asked) => at.server.ask(...asked);

/** A project with a dynamic secret `pg` in `/app/db` of prod, and its place. */
async function project(slug: string, target = at.target) {
  const made = ok(await ask("POST", "/api/v2/workspace", { projectName: slug, slug })).body.project;
  const loc = { projectSlug: slug, environmentSlug: "prod", path: "/app/db" };
  ok(await ask("POST", dynamic, { ...loc, name: "pg", provider: providerOf(target), defaultTTL: "1h" }));
  const prod = made.environments.find((environment: { slug: string }) => environment.slug === "prod");
  return { id: made.id as string, slug, loc, prodId: prod.id as string };
}

async function lease(loc: object, token = at.tokens.admin): Promise<string> {
  return ok(await ask("POST", `${dynamic}/leases`, { ...loc, dynamicSecretName: "pg" }, token)).body.lease.id;
}

const states = async (...ids: string[]) =>
  (
    await at.server.running.store.pool.query("select state from leases where id = any($1) order by state", [ids])
  ).rows.map(({ state }) => state);

const events = async (heard: Heard) => (await at.server.auditOf(heard.requestId)).map(({ event }) => event).sort();

test("R13: a folder, an environment and a project with live leases are deleted with 200, and are gone at once", async () => {
  const one = await project("levels");
  const targets: [path: string, body: object, event: string, again: () => Promise<Heard>][] = [
    [
      "/api/v1/folders/app",
      { ...one.loc, path: "/", forceDelete: false },
      "delete-folder",
      () => ask("POST", "/api/v1/folders", { ...one.loc, path: "/", name: "app" }),
    ],
    [
      `/api/v1/workspace/${one.id}/environments/${one.prodId}`,
      {},
      "delete-environment",
      () => ask("POST", `/api/v1/workspace/${one.id}/environments`, { name: "Production", slug: "prod" }),
    ],
    [
      "/api/v2/workspace/levels",
      {},
      "delete-project",
      () => ask("POST", "/api/v2/workspace", { projectName: "levels", slug: "levels" }),
    ],
  ];
  for (const [path, body, event, again] of targets) {
    const ids = [await lease(one.loc), await lease(one.loc)];
    const heard = ok(await ask("DELETE", path, body));
    const thing = heard.body.folder ?? heard.body.environment ?? heard.body;
    assert.equal(thing.status, "Revocation in process", path);
    assert.match(thing.statusDetails, /being revoked$/);
    assert.deepEqual(await events(heard), [event, "lease.revoke-requested", "lease.revoke-requested"]);
    assert.equal((await at.server.auditOf(heard.requestId)).find((row) => row.event === event)!.detail.count, 2);
    assert.equal((await ask("GET", `${dynamic}/pg?${new URLSearchParams(one.loc)}`)).status, 404);
    assert.equal((await ask("POST", `${dynamic}/leases`, { ...one.loc, dynamicSecretName: "pg" })).status, 404);
    assert.equal((await ask("DELETE", path, body)).status, 404);
    ok(await again());
    await until(async () => (await states(...ids)).every((state) => state === "gone"));
    if (event === "delete-project") break;
    const saved = { ...one.loc, name: "pg", provider: providerOf(at.target), defaultTTL: "1h" };
    ok(await ask("POST", dynamic, saved));
  }
});

test("R13: deleting a membership ends the member's leases in that project, and no others", async () => {
  const [here, there] = [await project("here"), await project("there")];
  const member = await at.server.newIdentity();
  for (const { id } of [here, there]) {
    ok(await ask("POST", `/api/v2/workspace/${id}/identity-memberships/${member.id}`, { roles: [{ role: "member" }] }));
  }
  const [ending, elsewhere] = [await lease(here.loc, member.token), await lease(there.loc, member.token)];
  const others = await lease(here.loc);
  const ended = ok(await ask("DELETE", `/api/v2/workspace/${here.id}/identity-memberships/${member.id}`));
  assert.deepEqual(await events(ended), ["lease.revoke-requested", "remove-identity-from-project"]);
  await until(async () => (await states(ending))[0] === "gone");
  assert.deepEqual(await states(elsewhere, others), ["active", "active"]);

  gate.at("t1.before", async () => {
    ok(await ask("DELETE", `/api/v2/workspace/${there.id}/identity-memberships/${member.id}`));
  });
  const late = await ask("POST", `${dynamic}/leases`, { ...there.loc, dynamicSecretName: "pg" }, member.token);
  assert.equal(late.status, 404, "no lease slips in behind it");
});

test("R13: what a target that is gone for ever keeps is listed with host and name, also when its project is gone", async () => {
  const gone = await postgres18();
  const { host, port, database, user: username, password } = gone;
  const one = await project("lost", { host, port, database, username, password });
  const [first, second] = [await lease(one.loc), await lease(one.loc)];
  await gone.stop();
  const forced = await ask("DELETE", `${dynamic}/leases/${first}`, { ...one.loc, isForced: true });
  assert.deepEqual([forced.status, forced.body.error], [503, "RevocationPending"]);
  const listed = ok(await ask("GET", `/api/v1/projects/${one.id}/leases?state=left-behind`)).body;
  assert.deepEqual(
    listed.leases.map(({ id, target, path }: Record<string, string>) => [id, target, path]),
    [[first, `${host}:${port}`, "/app/db"]],
  );
  const removed = ok(await ask("DELETE", "/api/v2/workspace/lost", { isForced: true })).body;
  assert.deepEqual([removed.status, removed.leftBehindCount], [null, 2]);
  assert.ok(removed.leftBehind.every((account: { target: string }) => account.target === `${host}:${port}`));
  assert.equal((await ask("GET", `/api/v1/projects/${one.id}/leases?state=left-behind`)).status, 404);
  const all = "/api/v1/organization/leases?state=left-behind";
  const page = ok(await ask("GET", `${all}&limit=1`)).body;
  const rest = ok(await ask("GET", `${all}&limit=1&cursor=${page.nextCursor}`)).body;
  const found = [...page.leases, ...rest.leases];
  assert.deepEqual(found.map(({ id }) => id).sort(), [first, second].sort());
  for (const account of found) {
    assert.equal(account.projectSlug, "lost");
    assert.equal(account.environmentSlug, "prod");
    assert.match(account.leftBehindAt, /Z$/);
    assert.equal(account.owner.kind, "identity");
    assert.ok(account.owner.name);
  }
  assert.equal(
    (await ask("GET", all, undefined, at.tokens.foreign)).status,
    403,
    "only for who may read the audit log",
  );
});

test("who may only lease sees its own leases in the list of a project, page by page", async () => {
  const own = [];
  for (let n = 0; n < 3; n += 1) {
    const body = { ...at.loc, dynamicSecretName: "postgres" };
    ok(await ask("POST", `${dynamic}/leases`, body));
    own.push(ok(await ask("POST", `${dynamic}/leases`, body, at.tokens.leaseOnly)).body.lease.id);
  }
  const seen: string[] = [];
  let cursor = "";
  for (let pages = 0; pages < 10; pages += 1) {
    const path = `/api/v1/projects/${at.projectId}/leases?limit=2&cursor=${cursor}`;
    const { leases, nextCursor } = ok(await ask("GET", path, undefined, at.tokens.leaseOnly)).body;
    seen.push(...leases.map(({ id }: { id: string }) => id));
    if (nextCursor === null) break;
    cursor = nextCursor;
  }
  assert.deepEqual(seen, own.toReversed());
  for (const wrong of ["limit=101", "limit=0", "state=dead", "cursor=x"]) {
    assert.equal((await ask("GET", `/api/v1/projects/${at.projectId}/leases?${wrong}`)).status, 422, wrong);
  }
});
