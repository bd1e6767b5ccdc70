/** What is done in an incident: new leases are stopped, and many are revoked by one order. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { providerOf, type Scene, scene } from "../testing/callers.ts";
import { until } from "../testing/moments.ts";
import type { Heard, TestServer } from "../testing/server.ts";

let at: Scene;
before(async () => {
  at = await scene();
});
after(() => at?.stop());

const dynamic = "/api/v1/dynamic-secrets";
const ask: TestServer["ask"] = (...asked) => at.server.ask(...asked);
const project = (rest: string) => `/api/v1/projects/${at.projectId}/${rest}`;
const leasing = (token = at.tokens.admin, name = "postgres") =>
  ask("POST", `${dynamic}/leases`, { ...at.loc, dynamicSecretName: name }, token);
const freeze = (scope: object, reason = "a laptop was lost") => ask("POST", project("freeze"), { scope, reason });
const thaw = (scope: object) => ask("POST", project("unfreeze"), { scope, reason: "found again" });
const secret = async (name = "postgres") => (await ask("GET", `${dynamic}/${name}?${at.query}`)).body.dynamicSecret;

async function lease(token?: string): Promise<string> {
  const heard = await leasing(token);
  assert.equal(heard.status, 200, JSON.stringify(heard.body));
  return heard.body.lease.id;
}

async function refusedWith(words: RegExp, token?: string, name?: string): Promise<Heard> {
  const heard = await leasing(token, name);
  assert.equal(heard.status, 403, JSON.stringify(heard.body));
  assert.equal(heard.body.error, "ForbiddenError");
  assert.match(heard.body.message, words);
  return heard;
}

test("a frozen dynamic secret makes no new lease and says who froze it and why; what lives is renewed and revoked", async () => {
  const id = await lease();
  const scope = { kind: "dynamic-secret", id: (await secret()).id };
  const frozen = await freeze(scope);
  assert.equal(frozen.status, 200, JSON.stringify(frozen.body));
  const [row] = await at.server.auditOf(frozen.requestId);
  assert.deepEqual(
    [row!.event, row!.detail.scope, row!.detail.subjectId],
    ["freeze-leases", "dynamic-secret", scope.id],
  );
  const heard = await refusedWith(/'postgres' is frozen.* froze it at .*: a laptop was lost/);
  assert.equal(heard.body.details.freeze.reason, "a laptop was lost");
  assert.equal((await secret()).frozen, "dynamic-secret");
  assert.equal((await ask("POST", `${dynamic}/leases/${id}/renew`, { ...at.loc, ttl: "1m" })).status, 200);
  assert.equal((await ask("POST", `${dynamic}/leases/${id}/rotate`, at.loc)).status, 403, "a hand-over is a new lease");
  assert.equal((await ask("DELETE", `${dynamic}/leases/${id}`, at.loc)).status, 200);
  assert.equal((await thaw(scope)).status, 200);
  assert.equal((await secret()).frozen, null);
  await lease();
});

test("a frozen project freezes all in it, also what is made meanwhile", async () => {
  const { body } = await freeze({ kind: "project" }, "the host was breached");
  assert.equal(body.freezes.length, 1);
  await refusedWith(/this project is frozen.*the host was breached/);
  const draft = { ...at.loc, name: "meanwhile", provider: providerOf(at.target), defaultTTL: "1h" };
  assert.equal((await ask("POST", dynamic, draft)).status, 200);
  await refusedWith(/this project is frozen/, at.tokens.admin, "meanwhile");
  assert.equal((await secret("meanwhile")).frozen, "project");
  assert.equal((await thaw({ kind: "project" })).body.freezes.length, 0);
  assert.equal((await leasing(at.tokens.admin, "meanwhile")).status, 200);
});

test("a frozen member gets no new lease, and others do", async () => {
  const scope = { kind: "identity", id: at.leaseOnlyId };
  assert.equal((await freeze(scope)).status, 200);
  const listed = await ask("GET", project("freezes"));
  assert.deepEqual(listed.body.freezes[0].scope, scope);
  await refusedWith(/the identity 'identity-.*' is frozen/, at.tokens.leaseOnly);
  await lease();
  assert.equal((await thaw(scope)).status, 200);
  await lease(at.tokens.leaseOnly);
});

test("freezing wants a reason, a thing of this project, and the right to it", async () => {
  const foreignProject = (await ask("GET", "/api/v2/workspace/elsewhere", undefined, at.tokens.foreign)).body.id;
  const { id } = await secret();
  for (const body of [
    { scope: { kind: "project" } },
    { scope: { kind: "project" }, reason: " " },
    { reason: "x" },
    { scope: { kind: "folder", id }, reason: "x" },
  ]) {
    assert.equal((await ask("POST", project("freeze"), body)).status, 422, JSON.stringify(body));
  }
  const nobody = { kind: "identity", id: "11111111-2222-4333-8444-555555555555" };
  assert.equal((await freeze(nobody)).status, 404);
  const body = { scope: { kind: "dynamic-secret", id }, reason: "x" };
  const elsewhere = `/api/v1/projects/${foreignProject}/freeze`;
  assert.equal((await ask("POST", elsewhere, body, at.tokens.foreign)).status, 404, "another project's secret");
  assert.equal((await ask("POST", project("freeze"), body, at.tokens.foreign)).status, 404);
  assert.equal((await ask("POST", project("freeze"), body, at.tokens.leaseOnly)).status, 403);
  assert.equal((await secret()).frozen, null);
});

const revoke = (body: object, token?: string) => ask("POST", project("leases/revoke"), body, token);

test("a dry run shows what an order would end, and the order ends just that, with a row for itself and each lease", async () => {
  const mine = [await lease(at.tokens.leaseOnly), await lease(at.tokens.leaseOnly)].sort();
  const other = await lease();
  const filter = { identityId: at.leaseOnlyId };
  const shown = await revoke({ filter });
  assert.equal(shown.status, 200, JSON.stringify(shown.body));
  const ids = shown.body.leases.map(({ id }: { id: string }) => id);
  for (const id of mine) assert.ok(ids.includes(id));
  assert.equal(shown.body.count, ids.length);
  assert.equal((await ask("GET", project(`leases/${mine[0]}`))).body.lease.reason, null, "nothing has ended");
  const { digest } = shown.body;
  const ordered = await revoke({ filter, dryRun: false, digest, reason: "laptop" });
  assert.equal(ordered.status, 200, JSON.stringify(ordered.body));
  const { revocation } = ordered.body;
  assert.equal(revocation.count, shown.body.count);
  const progress = async () => (await ask("GET", project(`leases/revocations/${revocation.id}`))).body.revocation;
  await until(async () => (await progress()).gone === revocation.count);
  assert.deepEqual(
    { ...(await progress()), orderedAt: "" },
    { ...revocation, gone: revocation.count, pending: 0, orderedAt: "" },
  );
  const ended = (await ask("GET", project(`leases/${mine[0]}`))).body.lease;
  assert.equal(ended.reason, "bulk");
  assert.equal((await ask("GET", project(`leases/${other}`))).body.lease.reason, null);
  const rows = await at.server.auditOf(ordered.requestId);
  assert.equal(rows.filter(({ event }) => event === "revoke-leases").length, 1);
  const each = rows.filter(({ event }) => event === "lease.revoke-requested");
  assert.deepEqual(each.map(({ detail }) => detail.leaseId).sort(), ids.sort());
});

test("an order by a digest of other leases is a conflict, and ends nothing", async () => {
  const first = await lease(at.tokens.leaseOnly);
  const filter = { identityId: at.leaseOnlyId };
  const { digest } = (await revoke({ filter })).body;
  const second = await lease(at.tokens.leaseOnly);
  const refused = await revoke({ filter, dryRun: false, digest });
  assert.equal(refused.status, 409);
  for (const id of [first, second]) assert.equal((await ask("GET", project(`leases/${id}`))).body.lease.reason, null);
  const named = await revoke({ leaseIds: [first, second] });
  assert.equal(named.body.count, 2);
  assert.equal((await revoke({ leaseIds: [first, second], dryRun: false, digest: named.body.digest })).status, 200);
});

test("an order wants a choice and a digest, the right to every lease, and names no lease of another project", async () => {
  const id = await lease();
  for (const body of [
    {},
    { filter: {}, leaseIds: [id] },
    { filter: {}, dryRun: false },
    { leaseIds: [] },
    { leaseIds: ["x"] },
    { filter: {}, dryRun: false, digest: "x" },
  ]) {
    assert.equal((await revoke(body)).status, 422, JSON.stringify(body));
  }
  assert.equal((await revoke({ filter: {} }, at.tokens.leaseOnly)).status, 403);
  assert.equal((await revoke({ filter: {} }, at.tokens.foreign)).status, 404);
  const foreignProject = (await ask("GET", "/api/v2/workspace/elsewhere", undefined, at.tokens.foreign)).body.id;
  const elsewhere = await ask(
    "POST",
    `/api/v1/projects/${foreignProject}/leases/revoke`,
    { leaseIds: [id] },
    at.tokens.foreign,
  );
  assert.equal(elsewhere.body.count, 0);
  const given = await revoke({ leaseIds: [id] });
  const { revocation } = (await revoke({ leaseIds: [id], dryRun: false, digest: given.body.digest })).body;
  const path = `/api/v1/projects/${foreignProject}/leases/revocations/${revocation.id}`;
  assert.equal((await ask("GET", path, undefined, at.tokens.foreign)).status, 404);
});
