/** P14 and A07: throughput with the audit trail over throughput without, on a copy of the product that writes no rows. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { apply, type Change, copyCheckout } from "../../crash/control.ts";
import { type Bench, type Measured, type Scenario, warm } from "../bench.ts";
import { createsOf } from "../creates.ts";
import { figureOf } from "../figures.ts";
import { openRig, type Rig } from "../rig.ts";
import { costOf } from "../shares.ts";
import { nameOf } from "../target.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const config = { grant: "m", rounds: 1 } as const;

const file = "packages/store/audit.ts";
const rows = "  const key = auditKey(keys);\n";
const loop = "for (let at = 0; at < events.length;";

/** No row is written; a caller's rows count as written all the same, or no answer would leave. */
export const withoutAudit: Change[] = [
  { file, from: rows, to: `${rows}  if (key) return [];\n` },
  { file, from: loop, to: "for (let at = events.length; at < events.length;" },
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
          return [await compare(bench, audited, unaudited)];
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
