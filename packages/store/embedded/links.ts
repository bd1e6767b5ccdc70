/**
 * The library links of the binary package. npm cannot carry links, so the package lists them in a file and makes them
 * when it is installed; under `--ignore-scripts` nobody did, and the server would not find its libraries.
 */
import { chmodSync, readFileSync, readlinkSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";

/** Makes the links that are missing below `root`, the folder that holds `native`. */
export function makeLinks(root: string): void {
  const listed: { source: string; target: string }[] = JSON.parse(
    readFileSync(join(root, "native/pg-symlinks.json"), "utf8"),
  );
  for (const { source, target } of listed) {
    const link = join(root, target);
    try {
      readlinkSync(link);
    } catch {
      try {
        symlinkSync(basename(source), link);
      } catch (error) {
        // Another process makes them too.
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
    }
  }
}

/** Gives the programs their right to be run back, where the unpacker lost it. */
export function makeRunnable(programs: string[]): void {
  for (const program of programs) chmodSync(program, 0o755);
}
