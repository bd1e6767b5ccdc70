/**
 * Ballast: leases that live and never fall due while something is measured, written straight into the server's store.
 *
 * Their rows are as the engine would have left them, counters included; the target knows nothing of their accounts.
 */
import { openStoreOf } from "../../e2e/testing/store.ts";
import type { Rig } from "./rig.ts";
import type { Config } from "./target.ts";

const AT_ONCE = 100_000;

/** Adds `count` live leases of a configuration's dynamic secret, due in a year. */
export async function addBallast(rig: Rig, config: Config, count: number): Promise<void> {
  const client = await openStoreOf(rig.server);
  const secretId = rig.secretId(config);
  try {
    for (let done = 0; done < count; done += AT_ONCE) {
      await client.query("begin");
      await client.query(
        `insert into leases (id, project_id, dynamic_secret_id, config_version, target_key, username, answer_by,
           late_until, expires_at, native_until, state, fence_no, due_at, actor_type, actor_id, actor_name)
         select gen_random_uuid(), $1, v.dynamic_secret_id, v.version, v.target_key, 'ballast' || gen_random_uuid(),
           lease_now(), lease_now(), e.ends, e.ends + interval '5 seconds', 'active', 2, e.ends, 'identity', $3, 'ballast'
         from config_versions v, generate_series(1, $4::int) n,
           lateral (select lease_now() + interval '1 year' + n * interval '1 second' as ends) e
         where v.dynamic_secret_id = $2`,
        [rig.projectId, secretId, rig.server.bootstrap.identity.id, Math.min(AT_ONCE, count - done)],
      );
      await client.query(
        `insert into counters (scope, live) values ($1, $2)
         on conflict (scope) do update set live = counters.live + excluded.live`,
        [`dynamic-secret:${secretId}`, Math.min(AT_ONCE, count - done)],
      );
      await client.query("commit");
    }
    // What a database does for itself in time would otherwise be done while something is measured.
    await client.query("vacuum analyze leases");
    await client.query("checkpoint");
  } finally {
    await client.end();
  }
}
