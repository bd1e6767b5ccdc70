/** P6: reading a static secret (who asks, what they may, opened, audited), beside a bare Fastify that answers the same text. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { signIn } from "../../../e2e/testing/wire.ts";
import type { Bench, Measured, Scenario } from "../bench.ts";
import { figureOf } from "../figures.ts";
import { Line } from "../http.ts";
import type { Watched } from "../processes.ts";
import { costOf } from "../shares.ts";

const WORKERS = 8;
const place = { projectSlug: "load", environment: "prod", secretPath: "/" };

export const p6: Scenario = {
  id: "P6",
  title: "static secret read, permission-checked, opened, audited; raw: a bare Fastify GET of the same text",
  async run(bench) {
    const rig = await bench.rig();
    const { headers, ok } = await signIn(rig.server.url, rig.server.bootstrap.identity);
    const path = `/api/v3/secrets/raw/P6_KEY`;
    await ok("POST", path, { body: { ...place, secretValue: "postgres://app:0123456789abcdef@db.internal:5432/app" } });
    const read = `${path}?${new URLSearchParams(place)}`;
    const body: unknown = await ok("GET", read);
    const bare = await startBare(body);
    try {
      const runs: { ours: Measured; raw: Measured }[] = [];
      for (let run = 0; run < bench.wish.runs; run += 1) {
        const raw = await reads(bench, { url: bare.url, headers: {}, path: "/secret" }, bare.watched);
        runs.push({ raw, ours: await reads(bench, { url: rig.server.url, headers, path: read }, rig.watched()) });
      }
      const side = (name: "ours" | "raw"): string => {
        const all = runs.map((pair) => pair[name]);
        const p50 = figureOf(all.map(({ run }) => run.p50)).median;
        const p99 = figureOf(all.map(({ run }) => run.p99)).median;
        const cpu = (["server", "store", "driver"] as const).map((part) => `${part} ${costOf(all, part).toFixed(3)}`);
        const errors = all.flatMap(({ run }) => Object.keys(run.errors));
        const failed = errors.length > 0 ? `; ERRORS: ${errors.join(", ")}` : "";
        return `${name}: p50 ${p50.toFixed(2)} p99 ${p99.toFixed(2)} ms; CPU ms each: ${cpu.join(", ")}${failed}`;
      };
      return [
        {
          id: "P6",
          measure: `static secret reads c=${WORKERS}`,
          unit: "/s",
          figure: figureOf(runs.map(({ ours }) => ours.run.rate)),
          raw: figureOf(runs.map(({ raw }) => raw.run.rate)),
          share: figureOf(runs.map(({ raw, ours }) => ours.run.rate / raw.run.rate)),
          detail: runs,
          notes: [side("ours"), side("raw")],
        },
      ];
    } finally {
      bare.stop();
    }
  },
};

/** One load of the same GET again and again. */
async function reads(
  bench: Bench,
  what: { url: string; headers: Record<string, string>; path: string },
  watched: Watched,
): Promise<Measured> {
  const lines = Array.from({ length: WORKERS }, () => new Line(what.url, what.headers));
  const load = { workers: WORKERS, seconds: bench.wish.seconds, warmup: bench.wish.quick ? 500 : 2_000 };
  const measured = await bench.measure(
    watched,
    load,
    async (worker) => {
      await lines[worker]!.ok("GET", what.path, undefined);
    },
    watched.store === null ? undefined : "read",
  );
  for (const line of lines) line.close();
  return measured;
}

async function startBare(body: unknown): Promise<{ url: string; watched: Watched; stop(): void }> {
  const program = fileURLToPath(new URL("../../../packages/server/testing/bare.ts", import.meta.url));
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, BARE_BODY: JSON.stringify(body) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [first] = await once(child.stdout, "data");
  return {
    url: String(first).trim(),
    watched: { server: child.pid!, store: null, target: null },
    stop: () => void child.kill(),
  };
}
