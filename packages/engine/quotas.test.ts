import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Engine } from "./api.ts";
import { plainly, type Rig, rig } from "./testing/engine.ts";
import { type Scene, type Trees, trees } from "./testing/tree.ts";

let all: Rig;
let engine: Engine;
let tree: Trees;
before(async () => {
  all = await rig();
  engine = all.engine();
  tree = trees(all, engine);
});
after(() => tree.stop());

const limits = [
  { settings: { maxProjectLeases: 5 }, words: "Limit: 5 live leases in one project" },
  { settings: { maxIdentityLeases: 5 }, words: "Limit: 5 live leases held by one identity" },
];

for (const { settings, words } of limits) {
  test(`R32: ${words}: exactly so many over several dynamic secrets, and a revoked one makes room`, async () => {
    const at = await tree.scene();
    const above: Scene = { ...at, path: "/app", name: "" };
    const second = await engine.create(all.caller(), above, all.draft(), plainly);
    const places = [at, { ...above, name: second.name }];
    const few = all.engine({ settings });
    const tried = await Promise.allSettled(Array.from({ length: 24 }, (_, n) => tree.issue(places[n % 2]!, few)));
    const made = tried.flatMap((one) => (one.status === "fulfilled" ? [one.value.lease] : []));
    assert.equal(made.length, 5);
    for (const one of tried) {
      if (one.status === "rejected") assert.ok(one.reason.message.startsWith(`Max lease limit reached. ${words}`));
    }
    assert.equal(await tree.live(at), 5, "what was refused has left nothing");
    const placeOf = (lease: { dynamicSecretId: string }) => places[lease.dynamicSecretId === second.id ? 1 : 0]!;
    await few.revoke(all.caller(), placeOf(made[0]!), made[0]!.id);
    made[0] = (await tree.issue(at, few)).lease;
    await assert.rejects(tree.issue(at, few), { name: "RuleBroken" });
    for (const lease of made) await few.revoke(all.caller(), placeOf(lease), lease.id);
    assert.equal(await tree.count("counters where live > 0"), 0);
  });
}
