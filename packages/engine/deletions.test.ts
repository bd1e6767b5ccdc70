/** Deleting what leases hang on: at every level, with the target there and away for ever. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Tx } from "@dayfly/store";
import type { Engine } from "./api.ts";
import { RevocationPending } from "./errors.ts";
import { type Rig, rig, until } from "./testing/engine.ts";
import { levels, type Trees, trees } from "./testing/tree.ts";

let all: Rig;
let engine: Engine;
let tree: Trees;
before(async () => {
  all = await rig();
  engine = all.engine();
  engine.start();
  tree = trees(all, engine);
});
after(() => tree.stop());

for (const [level, whole] of Object.entries(levels)) {
  test(`R13: deleting a ${level} revokes what was leased from it, and it goes with the last account`, async () => {
    const at = await tree.scene();
    const issued = [await tree.issue(at), await tree.issue(at), await tree.issue(at)];
    const told = { ended: 0 };
    const options = { isForced: false, record: async (_tx: Tx, n: number) => void Object.assign(told, { ended: n }) };
    const removal = await engine.removeTree(all.caller(), whole(at), options);
    assert.equal(told.ended, 3);
    assert.deepEqual(
      { ...removal, statusDetails: null },
      { status: "Revocation in process", statusDetails: null, leftBehind: [], leftBehindCount: 0 },
    );
    assert.match(removal.statusDetails!, /^[123] leases? (is|are) being revoked$/);
    await assert.rejects(tree.issue(at), { name: "NotFound" });
    await assert.rejects(engine.get(at, at.name, "none"), { name: "NotFound" });
    await assert.rejects(tree.remove(whole(at)), { name: "NotFound" });
    await until(async () => (await tree.live(at)) + (await tree.hidden(at)) === 0, "leases and rows are gone");
    for (const { data, lease } of issued) {
      await assert.rejects(all.login(data), { code: "28P01" });
      const events = await all.events(lease.id);
      assert.equal(events.filter((event) => event === "lease.revoke-requested").length, 1);
      assert.equal(events.at(-1), "lease.gone");
    }
    const key = await tree.count("keys where owner_id = $1", at.projectId);
    assert.equal(key, level === "project" ? 0 : 1, "a deleted project's data key goes with it");
  });

  test(`R13: a ${level} that nothing live hangs on goes at once`, async () => {
    const at = await tree.scene();
    const { lease } = await tree.issue(at);
    await engine.revoke(all.caller(), at, lease.id);
    assert.equal((await tree.remove(whole(at))).status, null);
    assert.equal(await tree.hidden(at), 0);
    assert.equal(await tree.count("leases where id = $1", lease.id), 1, "its leases stay as history");
  });

  test(`R13: leases asked for while their ${level} is deleted are refused, or ended with it`, async () => {
    const at = await tree.scene();
    const asked = Array.from({ length: 12 }, async (_, n) => {
      await new Promise((settle) => setTimeout(settle, n * 8));
      return tree.issue(at).catch((error) => error as Error);
    });
    await new Promise((settle) => setTimeout(settle, 50));
    await tree.remove(whole(at));
    const answers = await Promise.all(asked);
    for (const answer of answers) {
      if (answer instanceof Error) assert.equal(answer.name, "NotFound", String(answer));
    }
    await until(async () => (await tree.live(at)) + (await tree.hidden(at)) === 0, "nothing is left");
    for (const answer of answers) {
      if (!(answer instanceof Error)) await assert.rejects(all.login(answer.data), { code: "28P01" });
    }
  });

  test(`R13: a ${level} whose target is gone for ever is deleted by force, its accounts listed until they are gone`, async () => {
    const relay = await tree.relay();
    const at = await tree.scene({ port: relay.port });
    const issued = [await tree.issue(at), await tree.issue(at)];
    relay.cut();
    const removal = await tree.remove(whole(at), true);
    assert.equal(removal.status, null);
    assert.equal(removal.leftBehindCount, 2);
    assert.deepEqual(
      removal.leftBehind.map(({ externalEntityId, target }) => [externalEntityId, target]),
      issued.map(({ data }) => [data.DB_USERNAME, `127.0.0.1:${relay.port}`]),
    );
    assert.equal(await tree.hidden(at), 0, "nothing above waits for them");
    assert.equal(await tree.count("keys where owner_id = $1", at.projectId), 1, "their admin credential can be opened");
    const listed = await tree.leftBehind(at);
    assert.deepEqual(
      listed.map(({ externalEntityId, target, environmentSlug, path, dynamicSecretName, status }) => ({
        ...{ externalEntityId, target, environmentSlug, path, dynamicSecretName, status },
      })),
      issued.toReversed().map(({ data }) => ({
        externalEntityId: data.DB_USERNAME,
        target: `127.0.0.1:${relay.port}`,
        environmentSlug: "prod",
        path: "/app/db",
        dynamicSecretName: at.name,
        status: "Failed to delete",
      })),
    );
    for (const { lease } of issued) {
      const events = await all.events(lease.id);
      assert.equal(events.filter((event) => event === "lease.left-behind").length, 1);
    }
    relay.mend();
    await all.store.pool.query("update leases set due_at = lease_now() where project_id = $1 and state = 'revoking'", [
      at.projectId,
    ]);
    await until(async () => (await tree.live(at)) === 0, "what was left behind is ended when the target is back");
    assert.deepEqual(await tree.leftBehind(at), []);
    for (const { data } of issued) await assert.rejects(all.login(data), { code: "28P01" });
    if (level !== "project") return;
    await until(
      async () => (await tree.count("keys where owner_id = $1", at.projectId)) === 0,
      "then its key goes too",
    );
  });
}

test("R13: a dynamic secret deleted by force frees its folder; a lease ended by force is pending and on the list", async () => {
  const relay = await tree.relay();
  const at = await tree.scene({ port: relay.port });
  const [first] = [await tree.issue(at), await tree.issue(at)];
  relay.cut();
  for (let asked = 0; asked < 2; asked += 1) {
    await assert.rejects(engine.revoke(all.caller(), at, first!.lease.id, true), RevocationPending);
  }
  const list = () => tree.leftBehind(at);
  assert.deepEqual(
    (await list()).map(({ id }) => id),
    [first!.lease.id],
  );
  const failed = await engine.leasePage({ projectId: at.projectId, state: "failed" }, { limit: 10 });
  assert.equal(failed.length, 1);
  assert.equal((await all.events(first!.lease.id)).filter((event) => event === "lease.left-behind").length, 1);
  const removal = await engine.remove(all.caller(), at, at.name, true);
  assert.deepEqual([removal.status, removal.leftBehindCount], [null, 2]);
  assert.equal((await tree.remove({ folder: at.folderId })).status, null);
  assert.equal(await tree.hidden(at), 0);
  await assert.rejects(
    engine.revoke(all.caller(), at, first!.lease.id),
    RevocationPending,
    "it is still asked for there",
  );
  await assert.rejects(engine.revoke(all.caller(), { ...at, path: "/app" }, first!.lease.id), { name: "NotFound" });
});

test("R13: by force, what only waits for its turn gets it: accounts of a healthy target are ended, not left behind", async () => {
  const at = await tree.scene();
  const issued = await Promise.all(Array.from({ length: 20 }, () => tree.issue(at)));
  const removal = await tree.remove({ project: at.projectId }, true);
  assert.deepEqual(removal, { status: null, statusDetails: null, leftBehind: [], leftBehindCount: 0 });
  for (const { data } of issued) await assert.rejects(all.login(data), { code: "28P01" });
});

test("R13: not by force, a target that is away holds the rows, and is told; nothing is given up", async () => {
  const relay = await tree.relay();
  const at = await tree.scene({ port: relay.port });
  const { lease } = await tree.issue(at);
  relay.cut();
  const removal = await tree.remove({ project: at.projectId });
  assert.equal(removal.status, "Revocation in process");
  await until(
    async () => (await engine.leasePage({ state: "failed" }, { limit: 100 })).some(({ id }) => id === lease.id),
    "it is listed as failing",
  );
  assert.ok((await tree.hidden(at)) > 0);
  relay.mend();
  await all.store.pool.query("update leases set due_at = lease_now() where id = $1", [lease.id]);
  await until(async () => (await tree.hidden(at)) === 0, "it goes with the last account");
});

test("R13: by force, nothing waits for a target that is known to be down", async () => {
  const relay = await tree.relay();
  const [first, second] = [await tree.scene({ port: relay.port }), await tree.scene({ port: relay.port })];
  const { lease } = await tree.issue(first);
  await tree.issue(second);
  relay.cut();
  for (let asked = 0; asked < 3; asked += 1) {
    await assert.rejects(engine.revoke(all.caller(), first, lease.id), RevocationPending);
  }
  await until(
    async () =>
      (await tree.count("targets where address = $1 and opened_at is not null", `127.0.0.1:${relay.port}`)) > 0,
    "its breaker is open",
  );
  assert.equal((await tree.remove({ project: second.projectId }, true)).leftBehindCount, 1);
  assert.equal(await tree.hidden(second), 0);
});

test("R13: a project with 1,000 live leases is deleted in one go: a row each in the audit trail, each one ended", async () => {
  const at = await tree.scene();
  const issued = [await tree.issue(at), await tree.issue(at), await tree.issue(at)];
  await seed(issued[0]!.lease.id, 1_000 - issued.length);
  assert.equal(await tree.live(at), 1_000);
  const told = { ended: 0 };
  const options = { isForced: false, record: async (_tx: Tx, n: number) => void Object.assign(told, { ended: n }) };
  const removal = await engine.removeTree(all.caller(), { project: at.projectId }, options);
  assert.equal(told.ended, 1_000);
  assert.equal(removal.status, "Revocation in process");
  const requested = `audit_events where body::json ->> 'projectId' = $1 and body::json ->> 'event' = $2`;
  assert.equal(await tree.count(requested, at.projectId, "lease.revoke-requested"), 1_000);
  assert.equal(await tree.count("leases where project_id = $1 and state in ('intended', 'active')", at.projectId), 0);
  for (let more = 0; more < 6 && (await tree.live(at)) > 0; more += 1) {
    await until(async () => (await tree.live(at)) === 0, "all have ended").catch(() => undefined);
  }
  assert.equal(await tree.live(at), 0);
  await until(async () => (await tree.hidden(at)) === 0, "the rows go with the last of them");
  assert.equal(await tree.count(requested, at.projectId, "lease.gone"), 1_000);
  assert.equal(await tree.count("counters where scope = $1 and live > 0", `project:${at.projectId}`), 0);
  for (const { data } of issued) await assert.rejects(all.login(data), { code: "28P01" });
});

/** Live leases like this one, of accounts that are not there; counted as if they had been issued. */
async function seed(like: string, more: number): Promise<void> {
  await all.store.pool.query(
    `create temp table seeded as select l.* from leases l, generate_series(1, ${more}) where id = '${like}';
     update seeded set keep = null, id = gen_random_uuid(), username = 'seeded-' || gen_random_uuid();
     insert into leases select * from seeded; drop table seeded`,
  );
  await all.store.pool.query(
    `update counters set live = live + $2 from leases l where l.id = $1 and scope in (
      'project:' || l.project_id, 'dynamic-secret:' || l.dynamic_secret_id, l.actor_type || ':' || l.actor_id)`,
    [like, more],
  );
}

test("R13: with 1,000 leases on a target that is gone for ever, force lets go of all of them at once", async () => {
  const relay = await tree.relay();
  const at = await tree.scene({ port: relay.port });
  const { lease } = await tree.issue(at);
  await seed(lease.id, 999);
  relay.cut();
  const removal = await tree.remove({ project: at.projectId }, true);
  assert.deepEqual([removal.status, removal.leftBehind.length, removal.leftBehindCount], [null, 100, 1_000]);
  assert.equal(await tree.hidden(at), 0);
  const seen = new Set<string>();
  let after: string | undefined;
  for (;;) {
    const page = { limit: 77, ...(after === undefined ? {} : { after }) };
    const rows = await engine.leasePage({ state: "left-behind", projectId: at.projectId }, page);
    for (const row of rows) seen.add(row.id);
    if (rows.length < 77) break;
    after = rows.at(-1)!.cursor;
  }
  assert.equal(seen.size, 1_000, "each is on one page");
});
