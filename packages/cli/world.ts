/** What a command may touch of the machine, handed in so that a test can be somebody else's terminal. */
import type { Readable, Writable } from "node:stream";

/** A stream to write to, which may be a terminal. */
export type Sink = Writable & { isTTY?: boolean; columns?: number };

/** Everything around one run of the command line. */
export interface World {
  /** Without the program's own name. */
  args: string[];
  env: Record<string, string | undefined>;
  cwd: string;
  home: string;
  /** Data directory of the server that belongs to this installation, whose address is the last resort. */
  dataDir: string;
  stdin: Readable & { isTTY?: boolean };
  stdout: Sink;
  stderr: Sink;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
  now: () => Date;
}
