/** What a run came to: the promises it kept or broke, the floors it reached, and both as a table. */
import type { Flags } from "./flags.ts";
import type { Outcome } from "./run.ts";
import type { Steps } from "./steps.ts";

/** One sentence each; empty lists are a pass. */
export interface Verdict {
  broken: string[];
  short: string[];
}

const OF_KIND = {
  node: "node alone",
  store: "its PostgreSQL alone",
  both: "both",
  starting: "once more, while starting",
  step: "node, at a named step",
  answer: "node, as an answer begins to arrive",
} as const;

/** Judges a run by what was promised and by what was asked of it. */
export function judge(outcome: Outcome, steps: Steps, flags: Flags): Verdict {
  const { count, settled, kills } = outcome;
  const broken: string[] = [];
  const none = (what: string, found: unknown[]) => {
    if (found.length > 0) broken.push(`${found.length} ${what}: ${JSON.stringify(found.slice(0, 5))}`);
  };
  if (outcome.broke) broken.push(`the run broke off: ${outcome.broke.slice(0, 2_000)}`);
  none("orphans", count.orphans);
  none("acknowledged leases lost", count.lost);
  none("usable more than 5 s past their end", count.late);
  none("usable after they were answered gone", count.revived);
  none(
    "batches that did not settle in 120 s",
    settled.filter(({ quiet }) => !quiet),
  );
  if (outcome.unrevoked > 0) broken.push(`${outcome.unrevoked} live leases could not be revoked at the end`);
  if (!outcome.broke && count.roles > 0) broken.push(`${count.roles} roles were left when everything was revoked`);

  const short: string[] = [];
  const floor = (what: string, is: number, wanted: number) => {
    if (is < wanted) short.push(`${what}: ${is} of ${wanted}`);
  };
  floor("kills", kills.length, flags.kills);
  floor("kills that cut a request", underWay(kills).length, flags.underWay);
  floor("acknowledged leases", count.leases, flags.leases);
  for (const point of steps.called) floor(`kills at ${point}`, atStep(outcome, point), flags.eachStep);
  return { broken, short };
}

const underWay = (kills: Outcome["kills"]) => kills.filter(({ cut }) => cut > 0);
const atStep = ({ kills }: Outcome, point: string): number =>
  kills.filter(({ what, at }) => what === "step" && at === point).length;

/** A value below which the given share of them lies. */
function share(values: number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
}
const ms = (value: number): string => `${Math.round(value)} ms`;
const spread = (values: number[]): string =>
  values.length === 0 ? "none" : `p50 ${ms(share(values, 0.5))}, max ${ms(Math.max(...values))}`;

/** The table, as text. */
export function table(outcome: Outcome, steps: Steps, verdict: Verdict): string {
  const { kills, count, acked } = outcome;
  const lines: string[] = [];
  const row = (what: string, ...rest: (string | number)[]) =>
    lines.push(`  ${what.padEnd(42)}${rest.map((one) => String(one).padStart(9)).join("")}`.trimEnd());
  const fact = (what: string, told: string | number) => lines.push(`  ${what.padEnd(42)} ${told}`);

  row("SIGKILL of", "kills", "cut *");
  for (const [what, title] of Object.entries(OF_KIND)) {
    const these = kills.filter((kill) => kill.what === what);
    row(title, these.length, underWay(these).length);
  }
  row("in all", kills.length, underWay(kills).length);
  lines.push("  * with a request under way that never got an answer", "");
  row("at the step", "kills", "cut");
  for (const point of steps.called) {
    const these = kills.filter(({ what, at }) => what === "step" && at === point);
    row(point, these.length, underWay(these).length);
  }
  for (const point of steps.uncalled) row(point, "no call");
  const { whole, cut } = outcome.halves;
  lines.push(`  An answer killed from outside as its first bytes arrived: ${whole} came whole, ${cut} did not.`, "");

  const restarts = kills.filter(({ restarted }) => restarted).flatMap(({ ready }) => ready ?? []);
  const lostStore = kills.filter(({ what }) => what === "store");
  const byItself = lostStore.filter(({ restarted }) => !restarted);
  fact("ready after a restart", `${spread(restarts)} (${restarts.length})`);
  fact("back by itself after its PostgreSQL's death", `${byItself.length} of ${lostStore.length}`);
  fact("  and ready then", spread(byItself.flatMap(({ ready }) => ready ?? [])));
  fact("acknowledged", `${acked.leased} leases, ${acked.renewed} renewals, ${acked.revoked} revocations`);
  fact("logins by the witness", `${count.logins}, ${count.unasked} of them without an answer`);
  fact("  past an end, while the server was down", count.whileDown);
  fact("accepted past an end", `${count.past.length} leases; ${spread(count.past)}`);
  fact("  of them by a renewal without an answer", `${count.unsure} for more than 5 s`);
  fact("settled", `${outcome.settled.length} times, ${spread(outcome.settled.map((one) => one.ms))}`);
  lines.push("");
  fact("orphans", count.orphans.length);
  fact("acknowledged leases lost", count.lost.length);
  fact("usable more than 5 s past their end", count.late.length);
  fact("usable after they were answered gone", count.revived.length);
  lines.push("");
  for (const one of verdict.broken) lines.push(`  BROKEN   ${one}`);
  for (const one of verdict.short) lines.push(`  TOO FEW  ${one}`);
  for (const point of outcome.missed) lines.push(`  note     waited in vain for ${point}`);
  const others = Object.entries(outcome.others).map(([what, times]) => `${times} x ${what}`);
  lines.push(`  other answers: ${others.join(", ") || "none"}`);
  return `${lines.join("\n")}\n`;
}
