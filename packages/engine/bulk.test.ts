import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { bulkRevocations, leases } from "@dayfly/store";
import { plainly, type Rig, rig, until } from "./testing/engine.ts";

let all: Rig;
before(async () => {
  all = await rig();
});
after(() => all?.stop());

test("an order that nobody has worked on is found by the next start, and ends just what it names", async () => {
  const { store, place } = all;
  const first = all.engine();
  const draft = all.draft();
  await first.create(all.caller(), place, draft, plainly);
  const issue = async () => {
    const options = { ttlSeconds: null, config: {}, arrivedAt: performance.now() };
    return (await first.issue(all.caller(), place, draft.name, options)).lease.id;
  };
  const named = [await issue(), await issue()];
  const other = await issue();
  await first.stop();

  const operator = { ...all.caller(), requestId: "the-order" };
  const filter = { leaseIds: named };
  const { digest, count } = await bulkRevocations.show(store, place.projectId, filter);
  assert.equal(count, 2);
  const { id } = await store.transaction((tx) =>
    bulkRevocations.order(tx, operator, place.projectId, filter, { digest, reason: "drill" }),
  );
  all.engine().start();
  const progress = async () => (await bulkRevocations.progress(store, place.projectId, id))!;
  await until(async () => (await progress()).gone === 2, "both are proven gone");
  assert.equal((await leases.byId(store, other))!.state, "active");
  const { rows } = await store.pool.query(
    "select body::json -> 'detail' ->> 'leaseId' as id from audit_events where body::json ->> 'requestId' = $1 and body::json ->> 'event' = 'lease.revoke-requested'",
    [operator.requestId],
  );
  assert.deepEqual(rows.map((row) => row.id).sort(), named.sort(), "one row a lease, in the name of who ordered it");
});
