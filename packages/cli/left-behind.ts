/** What is said of accounts that were left behind: which and where, also to who wants silence, and what to do about them. */
import type { LeftBehind } from "@dayfly/sdk";
import type { Invocation } from "./invocation.ts";

/** Tells each account of a forced deletion. */
export function warnLeftBehind(
  { note, warn }: Pick<Invocation, "note" | "warn">,
  { leftBehind, leftBehindCount }: { leftBehind: LeftBehind[]; leftBehindCount: number },
): void {
  if (leftBehindCount === 0) return;
  for (const account of leftBehind) warn(inWords(account));
  const more = leftBehindCount - leftBehind.length;
  if (more > 0) warn(`and ${more} more: dayfly leases left-behind tells all`);
  note(whatToDo);
}

/** One account. */
function inWords({ externalEntityId, target, leaseId }: LeftBehind): string {
  return `left behind: the account ${externalEntityId} at ${target} (lease ${leaseId})`;
}

/** What to do about any of them. */
export const whatToDo =
  "what is left behind is tried again without end; if its target never answers, drop the account there by hand";
