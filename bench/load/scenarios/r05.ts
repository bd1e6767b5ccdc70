/** R05: a start over 100,000 leases of which 10,000 fell due while the server was away, their accounts still standing. */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { until } from "../../../e2e/testing/server.ts";
import { openStoreOf } from "../../../e2e/testing/store.ts";
import { addBallast } from "../ballast.ts";
import type { Bench, Scenario } from "../bench.ts";
import { figureOf, type Line } from "../figures.ts";
import { residentOf } from "../processes.ts";
import { openRig, type Rig } from "../rig.ts";
import { GROUP } from "../target.ts";

const config = { grant: "m", rounds: 1 } as const;
const AT_ONCE = 500;
const LONGEST_MS = 300_000;
/** They fall due when the server is away. */
const DUE_SECONDS = 3;

export const r05: Scenario = {
  id: "R05",
  title: "a start over 100,000 leases, 10,000 of them overdue",
  onlyWhenNamed: true,
  async run(bench) {
    const { quick } = bench.wish;
    const [live, overdue] = quick ? [10_000, 500] : [90_000, 10_000];
    const rig = await openRig(await bench.target());
    try {
      bench.say(`  writing ${live} leases that live and ${overdue} that are overdue`);
      await addBallast(rig, config, live);
      await makeOverdue(bench, rig, overdue);
      await rig.server.kill();
      await pause(DUE_SECONDS * 1000);
      const began = performance.now();
      await rig.server.restart();
      const ready = (performance.now() - began) / 1000;
      let most = 0;
      const allGone = async (): Promise<boolean> => {
        most = Math.max(most, residentOf(rig.server.pid()));
        return (await rig.target.accounts()) === 0;
      };
      await until(LONGEST_MS, allGone, async () => `${await rig.target.accounts()} accounts are left`);
      const gone = (performance.now() - began) / 1000;
      const line = (measure: string, unit: string, figure: number, goal: number): Line => ({
        id: "R05",
        measure,
        unit,
        figure: figureOf([figure]),
        goal: { most: goal },
      });
      return [
        line(`ready with ${overdue} overdue`, "s", ready, 5),
        line(`all ${overdue} gone, from the start on`, "s", gone, 90),
        line("most memory of the server meanwhile", "MB", most, 300),
      ];
    } finally {
      await rig.close();
    }
  },
};

/** Accounts as the engine would have made them, and their leases. The rows come last. */
async function makeOverdue(bench: Bench, rig: Rig, count: number): Promise<void> {
  const names = Array.from({ length: count }, () => `overdue${randomUUID()}`);
  // By the superuser, as PostgreSQL does it for an admin that creates a role: the admin itself takes ever longer.
  const give = `to ${rig.target.admin.username} with admin true, inherit false, set false`;
  for (let from = 0; from < count; from += AT_ONCE) {
    const some = names.slice(from, from + AT_ONCE);
    await rig.target.query(
      some.map((name) => `create role "${name}" login in role ${GROUP}; grant "${name}" ${give}`).join(";"),
    );
  }
  bench.say("  the accounts stand");
  const store = await openStoreOf(rig.server);
  await store.query("begin");
  await store.query(
    `insert into leases (id, project_id, dynamic_secret_id, config_version, target_key, username, answer_by,
       late_until, expires_at, state, fence_no, due_at, actor_type, actor_id, actor_name)
     select gen_random_uuid(), $1, v.dynamic_secret_id, v.version, v.target_key, name, lease_now(),
       lease_now(), e.ends, 'active', 2, e.ends, 'identity', $3, 'overdue'
     from config_versions v, unnest($4::text[]) name,
       lateral (select lease_now() + $5 * interval '1 second' as ends) e where v.dynamic_secret_id = $2`,
    [rig.projectId, rig.secretId(config), rig.server.bootstrap.identity.id, names, DUE_SECONDS],
  );
  await store.query("update counters set live = live + $2 where scope = $1", [
    `dynamic-secret:${rig.secretId(config)}`,
    count,
  ]);
  await store.query("commit");
  await store.end();
}
