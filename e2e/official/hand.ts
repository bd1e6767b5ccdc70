/**
 * A published SDK, held from here: its calls are made in a process of its own, in its own language, and their results come
 * back as JSON. Credentials go over stdin, never over the command line.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { officialNodeSdk, officialPythonSdk } from "../../scripts/servers/official.ts";
import type { Json } from "../testing/wire.ts";

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** What an SDK threw. */
export class SdkError extends Error {
  override name: string;
  status: number | null;
  constructor(thrown: { name: string; message: string; status: number | null }) {
    super(thrown.message);
    this.name = thrown.name;
    this.status = thrown.status;
  }
}

/** One SDK, signed in or not. */
export interface Hand {
  /** Makes a call, such as `call("secrets.listSecrets", {…})`. @throws SdkError */
  call(path: string, ...args: unknown[]): Promise<Json>;
  /** Every public method that the installed version has. */
  methods(): Promise<string[]>;
  /** Those called without an error so far. */
  done: Set<string>;
  end(): Promise<void>;
}

/** The published Node SDK against the server at `url`. */
export async function nodeHand(url: string): Promise<Hand> {
  const folder = await officialNodeSdk();
  return holding(spawn(process.execPath, [here("node/hand.mjs"), folder, url], { stdio: ["pipe", "pipe", "inherit"] }));
}

/** The published Python SDK against the server at `url`. */
export async function pythonHand(url: string): Promise<Hand> {
  const folder = await officialPythonSdk();
  const env = { ...process.env, PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: "1" };
  return holding(spawn("python3", [here("python/hand.py"), url], { env, stdio: ["pipe", "pipe", "inherit"] }));
}

function holding(child: ChildProcess): Hand {
  const ended = new Promise<never>((_, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`the SDK's process ended with ${code}`)));
  });
  ended.catch(() => undefined);
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const done = new Set<string>();

  const ask = async (line: object): Promise<Json> => {
    child.stdin!.write(`${JSON.stringify(line)}\n`);
    const { value } = await Promise.race([lines.next(), ended]);
    const answer = JSON.parse(value as string) as Json;
    if (answer.error) throw new SdkError(answer.error);
    return answer.value;
  };
  return {
    async call(path, ...args) {
      const value = await ask({ path: path.split("."), args });
      done.add(path);
      return value;
    },
    async methods() {
      return ((await ask({ methods: true })) as string[][]).map((path) => path.join("."));
    },
    done,
    async end() {
      child.stdin!.end();
      await ended.catch(() => undefined);
    },
  };
}
