/** `lease delete`, also `revoke`: ends a lease. Success is printed only with the proof that the account is gone. */
import { RevocationPendingError } from "@dayfly/sdk";
import { type Columns, checkRowFormat, printRow } from "../formats.ts";
import type { Invocation } from "../invocation.ts";
import { warnLeftBehind } from "../left-behind.ts";
import { instant, seconds } from "../ttl.ts";

interface Flags {
  wait?: string;
  force?: boolean;
}

interface Row {
  id: string;
  account: string;
  status: "gone" | "deleting";
  proof: string;
  at: string;
}

const columns: Columns<Row> = [
  ["LEASE", (row) => row.id],
  ["ACCOUNT", (row) => row.account],
  ["STATUS", (row) => row.status],
  ["PROOF", (row) => row.proof],
  ["AT", (row) => row.at],
];

/** Revokes one lease; asking again is harmless, so `--wait` simply does. */
export async function revokeLease(run: Invocation<Flags>, [id]: string[]): Promise<void> {
  checkRowFormat(run);
  const { wait, force } = run.flags;
  const deadline = Date.now() + (wait === undefined ? 0 : seconds("--wait", wait) * 1000);
  const where = await run.where();
  for (;;) {
    // What is waited for is not let go of before the wait is over.
    const isLast = Date.now() >= deadline;
    try {
      const lease = await run.client().leases.revoke(id!, { ...where, ...(force && isLast && { isForced: true }) });
      const deleting = lease.status === "Revocation in process";
      if (deleting && Date.now() < deadline) {
        await pause(1000, deadline, run.world.signal);
        continue;
      }
      const row: Row = {
        id: lease.id,
        account: lease.externalEntityId,
        status: deleting ? "deleting" : "gone",
        proof: deleting ? "the target accepted the deletion and takes its time" : "the target has no such account",
        at: instant(lease.updatedAt),
      };
      return await printRow(run, row, columns);
    } catch (error) {
      if (!(error instanceof RevocationPendingError)) throw error;
      if (error.leftBehind) warnLeftBehind(run, { leftBehind: [error.leftBehind], leftBehindCount: 1 });
      if (isLast) throw error;
      run.note(`${error.message}; asking again`);
      await pause((error.retryAfter ?? 1) * 1000, deadline, run.world.signal);
    }
  }
}

function pause(ms: number, deadline: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, Math.max(100, Math.min(ms, 5000, deadline - Date.now())));
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        reject(signal.reason);
      },
      { once: true },
    );
  });
}
