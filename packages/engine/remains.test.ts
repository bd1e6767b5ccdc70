/** What a deletion leaves until its last account is gone: cleared away whoever comes last, and whoever dies before it. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { leftBehind } from "@dayfly/store";
import type { Engine } from "./api.ts";
import { RevocationPending } from "./errors.ts";
import { type Rig, rig, until } from "./testing/engine.ts";
import { type Trees, trees } from "./testing/tree.ts";

let all: Rig;
let engine: Engine;
let tree: Trees;
before(async () => {
  all = await rig();
  engine = all.engine();
  tree = trees(all, engine);
});
after(() => tree.stop());

for (const point of ["revoke.proved", "gone.committed"] as const) {
  test(`R13: a folder deleted while its last lease is at ${point} goes, whoever comes last`, async () => {
    const at = await tree.scene();
    const { lease } = await tree.issue(at);
    const slow = all.stopping(point);
    const revoking = slow.engine.revoke(all.caller(), at, lease.id);
    await slow.there;
    const { status } = await tree.remove({ folder: at.folderId });
    assert.equal(status, point === "gone.committed" ? null : "Revocation in process");
    assert.equal((await tree.hidden(at)) === 0, point === "gone.committed");
    slow.letGo();
    await revoking;
    await until(async () => (await tree.hidden(at)) === 0, "the folder is gone");
  });
}

test("R13: a node that dies before it has cleared away leaves that to the next start", async () => {
  const at = await tree.scene();
  const { lease } = await tree.issue(at);
  const first = all.stopping("revoke.proved");
  void first.engine.revoke(all.caller(), at, lease.id).catch(() => undefined);
  await first.there;
  await tree.remove({ folder: at.folderId });
  const second = all.stopping("gone.committed");
  void second.engine.revoke(all.caller(), at, lease.id).catch(() => undefined);
  await second.there;
  assert.equal(await tree.live(at), 0);
  assert.ok((await tree.hidden(at)) > 0, "it died in between");
  const next = all.engine();
  next.start();
  await until(async () => (await tree.hidden(at)) === 0, "its rows go");
  await next.stop();
});

test("R13: a forced deletion that was cut short is finished by the next start", async () => {
  const relay = await tree.relay();
  const at = await tree.scene({ port: relay.port });
  const { lease } = await tree.issue(at);
  relay.cut();
  await assert.rejects(engine.revoke(all.caller(), at, lease.id), RevocationPending);
  await tree.remove({ project: at.projectId });
  // As the transaction of a forced one leaves it.
  await all.store.pool.query("update dynamic_secrets set forced_at = lease_now() where project_id = $1", [
    at.projectId,
  ]);
  assert.ok((await tree.hidden(at)) > 0);
  const next = all.engine();
  next.start();
  await until(async () => (await tree.hidden(at)) === 0, "nothing waits for it");
  await next.stop();
  assert.equal((await tree.leftBehind(at)).length, 1);
});

test("R13: a forced deletion lets go of what nobody gets to try within a minute, and not before", async () => {
  const at = await tree.scene();
  const { lease } = await tree.issue(at);
  await tree.remove({ folder: at.folderId });
  await all.store.pool.query("update dynamic_secrets set forced_at = lease_now() where id = $1", [
    lease.dynamicSecretId,
  ]);
  const standing = () => leftBehind.standing(all.store, [lease.dynamicSecretId]);
  assert.deepEqual(await standing(), { ending: 1, hopeful: 1 });
  await all.store.pool.query("update dynamic_secrets set forced_at = forced_at - interval '61 s' where id = $1", [
    lease.dynamicSecretId,
  ]);
  assert.deepEqual(await standing(), { ending: 1, hopeful: 0 });
});

test("R13: an account that is made while everything above it is deleted is taken back, and its caller is told 404", async () => {
  const at = await tree.scene();
  const slow = all.stopping("create.done");
  const asking = tree.issue(at, slow.engine);
  asking.catch(() => undefined);
  await slow.there;
  const { status } = await tree.remove({ project: at.projectId });
  assert.equal(status, "Revocation in process");
  slow.letGo();
  await assert.rejects(asking, { name: "NotFound" });
  const next = all.engine();
  next.start();
  await until(
    async () => (await tree.live(at)) + (await tree.hidden(at)) === 0,
    "it is gone at once, with all above it",
  );
  await next.stop();
  const { rows } = await all.store.pool.query("select username from leases where project_id = $1", [at.projectId]);
  assert.ok(!(await all.roles()).includes(rows[0].username));
});

test("a look at an account that came before its create landed proves nothing", async () => {
  const at = await tree.scene();
  const early = all.stopping("create.done");
  const asking = tree.issue(at, early.engine);
  asking.catch(() => undefined);
  await early.there;
  await tree.remove({ folder: at.folderId });
  const { rows } = await all.store.pool.query("select id, username from leases where project_id = $1", [at.projectId]);
  // As if it were not there yet for who looks first.
  await all.witness.query(`alter role "${rows[0].username}" rename to later`);
  const looking = all.stopping("revoke.proved");
  looking.engine.start();
  await looking.there;
  await all.witness.query(`alter role later rename to "${rows[0].username}"`);
  early.letGo();
  await assert.rejects(asking, { name: "NotFound" });
  looking.letGo();
  await until(async () => (await tree.live(at)) === 0, "it ends");
  assert.ok(!(await all.roles()).includes(rows[0].username), "and only with its account");
  await looking.engine.stop();
});
