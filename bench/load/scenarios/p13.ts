/** P13: `npm start` for the second time, with its demo, until it serves. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { killAll, treeOf } from "../../../e2e/testing/processes.ts";
import { until } from "../../../e2e/testing/server.ts";
import type { Scenario } from "../bench.ts";
import { figureOf } from "../figures.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));

export const p13: Scenario = {
  id: "P13",
  title: "npm start, second time, to serving",
  async run(bench) {
    const dataDir = mkdtempSync(join(tmpdir(), "dayfly-load-start-"));
    try {
      const first = await start(dataDir);
      const later: number[] = [];
      for (let run = 0; run < bench.wish.runs; run += 1) later.push(await start(dataDir));
      return [
        {
          id: "P13",
          measure: "npm start again, to serving",
          unit: "s",
          figure: figureOf(later),
          goal: { most: 5 },
          notes: [`the first start took ${first.toFixed(1)} s`],
        },
      ];
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  },
};

/** Starts, waits until it serves and until its main job is done, and ends it as Ctrl-C would. @returns seconds to serving */
async function start(dataDir: string): Promise<number> {
  const port = await freePort();
  const began = performance.now();
  const child = spawn("npm", ["start"], {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, DAYFLY_DATA_DIR: dataDir, PORT: String(port) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise((resolve) => child.on("exit", resolve));
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (printed += text));
  const complaint = (): string => `npm start does not come up\n${printed}`;
  try {
    const serves = async (): Promise<boolean> => {
      if (child.exitCode !== null) throw new Error(complaint());
      return (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null))?.status === 200;
    };
    await until(120_000, serves, complaint);
    const seconds = (performance.now() - began) / 1000;
    await until(60_000, () => printed.includes("\nTry  "), complaint);
    child.kill("SIGINT");
    await ended;
    return seconds;
  } finally {
    if (child.exitCode === null && child.signalCode === null) killAll(treeOf(child.pid!));
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
