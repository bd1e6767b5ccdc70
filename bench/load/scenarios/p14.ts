/** P14 and A07: throughput with the audit trail over throughput without, on a copy of the product that writes no rows. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openStoreOf } from "../../../e2e/testing/store.ts";
import { apply, type Change, copyCheckout } from "../../crash/control.ts";
import { type Bench, type Measured, type Scenario, warm } from "../bench.ts";
import { createsOf } from "../creates.ts";
import { figureOf } from "../figures.ts";
import { openRig, type Rig } from "../rig.ts";
import { costOf } from "../shares.ts";
import { nameOf } from "../target.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const config = { grant: "m", rounds: 1 } as const;

const several = "export async function appendAll(tx: Single, caller: Caller, events: AuditEvent[]): Promise<void> {\n";
const along =
  "export function recording(db: Single, { caller, events }: Recorded, moved: string): RawBuilder<unknown> {\n";
/** The changes of the copy that writes no audit row. */
export const withoutAudit: Change[] = [
  {
    file: "packages/store/audit.ts",
    from: several,
    // A caller's rows count as written, or no answer would leave.
    to: `${several}  if (tx) {\n    tx.recording.push(caller);\n    return;\n  }\n`,
  },
  { file: "packages/store/moves.ts", from: along, to: `${along}  if (db) return sql\`select 1\`;\n` },
];

export const p14: Scenario = {
  id: "P14",
  title: "audit: throughput with over without",
  async run(bench) {
    const target = await bench.target();
    const copy = mkdtempSync(join(tmpdir(), "dayfly-load-unaudited-"));
    try {
      copyCheckout(root, copy);
      for (const change of withoutAudit) apply(copy, change);
      const audited = await openRig(target);
      try {
        const unaudited = await openRig(target, { checkout: copy });
        try {
          for (const rig of [audited, unaudited]) await warm(rig, 300);
          const line = await compare(bench, audited, unaudited);
          await wroteNothing(unaudited);
          return [line];
        } finally {
          await unaudited.close();
        }
      } finally {
        await audited.close();
      }
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  },
};

/** A row that the changes did not reach would make both sides alike. */
async function wroteNothing(unaudited: Rig): Promise<void> {
  const store = await openStoreOf(unaudited.server);
  const { rows } = await store.query("select count(*)::int as count from audit_events");
  await store.end();
  if (rows[0].count > 0) throw new Error(`the copy without an audit trail wrote ${rows[0].count} rows of it`);
}

async function compare(bench: Bench, audited: Rig, unaudited: Rig) {
  const pairs: { with: Measured; without: Measured }[] = [];
  for (let run = 0; run < bench.wish.runs; run += 1) {
    bench.say(`  run ${run + 1} of ${bench.wish.runs}`);
    pairs.push({ with: await createsOf(bench, audited, config), without: await createsOf(bench, unaudited, config) });
  }
  const side = (name: "with" | "without"): string => {
    const all = pairs.map((pair) => pair[name]);
    return `${name}: server ${costOf(all, "server").toFixed(2)} ms, store ${costOf(all, "store").toFixed(2)} ms of CPU each`;
  };
  return {
    id: "P14",
    measure: `create ${nameOf(config)} c=8, audited over not`,
    unit: "/s",
    figure: figureOf(pairs.map((pair) => pair.with.run.rate)),
    raw: figureOf(pairs.map((pair) => pair.without.run.rate)),
    share: figureOf(pairs.map((pair) => pair.with.run.rate / pair.without.run.rate)),
    goal: { least: 0.85 },
    detail: pairs,
    notes: [`${side("with")}; ${side("without")}`],
  };
}
