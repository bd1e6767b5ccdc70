/**
 * `npm run bench -- load [P1 P2 …]`: how fast Dayfly is, beside what the same PostgreSQL does bare.
 *
 * Owns the flags, the order and the end: one line a measure, a file under bench/results/, and with `--profile` where the
 * server's time went.
 */
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { type Bench, openBench, results, type Scenario, type Wish } from "./bench.ts";
import type { Line } from "./figures.ts";
import { peer } from "./peer.ts";
import { readProfile } from "./profile.ts";
import { circumstances, footer, keep, table } from "./report.ts";
import { p1 } from "./scenarios/p1.ts";
import { p2 } from "./scenarios/p2.ts";
import { p3 } from "./scenarios/p3.ts";
import { p4 } from "./scenarios/p4.ts";
import { p5 } from "./scenarios/p5.ts";
import { p6 } from "./scenarios/p6.ts";
import { p7 } from "./scenarios/p7.ts";
import { p8 } from "./scenarios/p8.ts";
import { p9 } from "./scenarios/p9.ts";
import { p10 } from "./scenarios/p10.ts";
import { p11 } from "./scenarios/p11.ts";
import { p13 } from "./scenarios/p13.ts";
import { p14 } from "./scenarios/p14.ts";
import { p15 } from "./scenarios/p15.ts";
import { r03 } from "./scenarios/r03.ts";
import { r05 } from "./scenarios/r05.ts";
import { isRelease } from "./target.ts";

/** What shares a server stands together. */
const scenarios: Scenario[] = [p1, p2, p3, p4, p5, p11, p6, p7, p8, p9, p10, p13, p14, p15, r03, r05];

const usage = `Usage: npm run bench -- load [flags] [measures]

${scenarios.map(({ id, title, onlyWhenNamed }) => `  ${id.padEnd(4)} ${title}${onlyWhenNamed ? " (only when named)" : ""}`).join("\n")}

  --runs N      the middle of so many (5)
  --seconds N   length of each load (3)
  --minutes N   length of R03 (1)
  --postgres N  the target's release: 15 or 18 (18)
  --quick       one short run of each: a look, not a measurement
  --profile     a server of its own for each of P1 to P5 and P11, and where its time went
`;

const flags = {
  runs: { type: "string" },
  seconds: { type: "string" },
  minutes: { type: "string" },
  postgres: { type: "string", default: "18" },
  quick: { type: "boolean", default: false },
  profile: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

function read(): { wish: Wish; chosen: Scenario[] } | null {
  const { values, positionals } = parseArgs({ options: flags, allowPositionals: true });
  if (values.help) return null;
  const positive = (name: "runs" | "seconds" | "minutes", usual: number): number => {
    const value = values[name] === undefined ? usual : Number(values[name]);
    if (!(value > 0)) throw new TypeError(`--${name} must be a number above 0`);
    return value;
  };
  const { quick, profile } = values;
  const postgres = Number(values.postgres);
  if (!isRelease(postgres)) throw new TypeError("--postgres must be 15 or 18");
  const wish = {
    runs: positive("runs", quick ? 1 : 5),
    seconds: positive("seconds", quick ? 1 : 3),
    minutes: positive("minutes", quick ? 1 / 6 : 1),
    quick,
    profile,
    postgres,
  };
  const wanted = positionals.map((name) => name.toUpperCase());
  const unknown = wanted.find((name) => !scenarios.some(({ id }) => id === name));
  if (unknown !== undefined) throw new TypeError(`There is no measure '${unknown}'.`);
  return { wish, chosen: scenarios.filter(chosenBy(wanted)) };
}

const chosenBy =
  (wanted: string[]) =>
  ({ id, onlyWhenNamed = false }: Scenario): boolean =>
    wanted.length === 0 ? !onlyWhenNamed : wanted.includes(id);

async function measure(bench: Bench, chosen: Scenario[], done: (lines: Line[]) => void): Promise<Line[]> {
  const lines: Line[] = [];
  for (const scenario of chosen) {
    bench.say(`${scenario.id}: ${scenario.title}`);
    try {
      const found = await scenario.run(bench);
      lines.push(...found);
      bench.say(table(found));
      done(lines);
    } catch (error) {
      // The others are worth having all the same.
      process.exitCode = 1;
      console.error(`${scenario.id} could not be measured:`, error);
    }
    if (!bench.wish.profile) continue;
    const profiled = await bench.closeRig();
    if (profiled) console.log(readProfile(profiled.folder, profiled.windows).join("\n"));
  }
  return lines;
}

async function main(): Promise<void> {
  const asked = read();
  if (asked === null) {
    console.log(usage);
    return;
  }
  const about = circumstances(asked.wish);
  const stamp = about.date.replace(/[-:]/g, "").slice(0, 15);
  const bench = openBench(asked.wish, stamp);
  let ended = false;
  process.on("exit", (code) => ended || bench.say(`broken off with code ${code}; what was measured is in ${results}`));
  try {
    about.versions.postgres = (await bench.target()).version;
    // After each: a run that is broken off has measured something.
    const keepNow = (lines: Line[]): string => {
      about.loadAfter = loadavg();
      return keep(about, lines, stamp);
    };
    const lines = await measure(bench, asked.chosen, keepNow);
    const file = keepNow(lines);
    console.log(`\n${table(lines)}\n\n${peer(process.env)}\n${footer(about)}\nkept in ${file}`);
  } finally {
    await bench.close();
    ended = true;
  }
}

try {
  await main();
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  console.error(`${error.message}\n\n${usage}`);
  process.exitCode = 2;
}
