/**
 * The rows of a pass that only fences: many of one target at once, claimed, and settled together.
 *
 * Such a pass is no attempt: it counts none, and what it has claimed is due again at once when it is done.
 */
import { sql } from "kysely";
import type { Tx } from "./db.ts";
import type { Lease } from "./leases.ts";
import type { Claimed } from "./revocations.ts";

/** How many rows have to be due for a pass to be worth it, how many it takes, and for how long. */
export interface Crowd {
  moreThan: number;
  atMost: number;
  claimSeconds: number;
}

/**
 * Claims what is due on a target, ends and is not fenced; nothing unless the target has more than so many due. Where an
 * account may still land nothing is claimed: it would be fenced before it is there. A row that is due before its end is
 * somebody else's affair.
 */
export async function claimCrowd(tx: Tx, targetKey: Buffer, crowd: Crowd): Promise<Claimed[]> {
  const due = sql`target_key = ${targetKey} and due_at <= lease_now()`;
  const claimed = await sql<Claimed>`
    with picked as (
      select id, state as was from leases
      where ${due} and fenced_at is null and late_until <= lease_now()
        and (state = 'revoking' or state = 'active' and expires_at <= lease_now())
        and (select count(*) from (select from leases where ${due} limit ${crowd.moreThan + 1}) as first) > ${crowd.moreThan}
      order by due_at limit ${crowd.atMost} for update skip locked)
    update leases set
      state = 'revoking', reason = coalesce(reason, 'expired'), revoking_at = coalesce(revoking_at, lease_now()),
      renew_from = null, renew_by = null,
      due_at = lease_now() + make_interval(secs => ${crowd.claimSeconds}), fence_no = fence_no + 1, updated_at = lease_now()
    from picked where leases.id = picked.id
    returning leases.*, picked.was, false as renews`.execute(tx.sql);
  return claimed.rows;
}

/** What became of one claimed row: how many sessions were ended with its fencing; null when it is not fenced. */
export interface Fencing {
  id: string;
  fenceNo: number;
  killed: number | null;
}

/** Every row is due at once, fenced or not. @returns those that are fenced now */
export async function settle(tx: Tx, fencings: Fencing[]): Promise<Lease[]> {
  const [ids, fenceNos] = [fencings.map(({ id }) => id), fencings.map(({ fenceNo }) => fenceNo)];
  const killed = fencings.map((fencing) => fencing.killed);
  // In the order of ids: see the cascades in `revocations.ts`.
  const settled = await sql<Lease>`
    with done as (
      select l.id, d.killed from leases as l
      join unnest(${ids}::uuid[], ${fenceNos}::int[], ${killed}::int[]) as d(id, fence_no, killed)
        on d.id = l.id and d.fence_no = l.fence_no
      where l.state = 'revoking' order by l.id for update of l)
    update leases set
      due_at = lease_now(), fence_no = fence_no + 1, updated_at = lease_now(),
      fenced_at = case when killed is null then fenced_at else coalesce(fenced_at, lease_now()) end,
      sessions_killed = sessions_killed + coalesce(killed, 0)
    from done where leases.id = done.id
    returning leases.*`.execute(tx.sql);
  return settled.rows.filter((lease) => lease.fenced_at !== null);
}
