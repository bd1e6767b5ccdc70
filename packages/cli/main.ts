/** The entry: hands the process's own surroundings to one run, and is the only place that ends it. */
import { homedir } from "node:os";
import { join } from "node:path";
import { version } from "./version.ts";

const args = process.argv.slice(2);

// A reader that has seen enough (`| head -1`) is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit();
  });
}

if (args.length === 1 && ["--version", "-V", "version"].includes(args[0]!)) {
  // Scripts ask this often, and the parser takes longer to load than Node itself.
  process.stdout.write(`${version}\n`);
} else {
  const interrupted = new AbortController();
  // Once: a second Ctrl-C ends the process as the system does.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interrupted.abort());
  const { run } = await import("./run.ts");
  process.exitCode = await run({
    args,
    env: process.env,
    cwd: process.cwd(),
    home: homedir(),
    dataDir: join(import.meta.dirname, "../../.data"),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: interrupted.signal,
    now: () => new Date(),
  });
}
