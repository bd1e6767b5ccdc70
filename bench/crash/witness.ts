/** The witness as the harness has it: a process that it asks, and whose answers it passes on. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Orders } from "../../e2e/testing/orders.ts";

/** A lease as the server lists it. */
export interface Listed {
  id: string;
  username: string;
  end: number;
  /** Its revocation has begun and not ended. */
  ending: boolean;
}

/** What the witness has counted since the run began; lists hold the id of a lease and what happened to it. */
export interface Count {
  roles: number;
  orphans: string[];
  leases: number;
  lost: [string, string][];
  late: [string, string][];
  revived: [string, string][];
  unsure: number;
  /** Milliseconds past its end at which each lease was accepted last, if it was at all. */
  past: number[];
  logins: number;
  whileDown: number;
  unasked: number;
}

/** The running witness. */
export interface Witness {
  count(listed: Listed[]): Promise<Count>;
  /** Roles in the target of which the server knows nothing. */
  unlisted(listed: Listed[]): Promise<string[]>;
  end(): void;
}

/** Starts it; it looks from then on. */
export async function startWitness(orders: Orders, journal: string): Promise<Witness> {
  const password = randomBytes(24).toString("base64url");
  await orders.query(`create role witness superuser login password '${password}'`);
  const child = spawn(process.execPath, [join(import.meta.dirname, "witness/main.ts"), journal], {
    env: {
      PATH: process.env.PATH,
      PGHOST: orders.host,
      PGPORT: String(orders.port),
      PGDATABASE: orders.database,
      PGUSER: "witness",
      PGPASSWORD: password,
    },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  ended.catch(() => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error("the witness has ended: nothing was counted");
    return JSON.parse(value);
  };
  await answer();

  // One command at a time: answers come in order and carry no number.
  let last: Promise<unknown> = Promise.resolve();
  const ask = (command: string, listed: Listed[]) => {
    const asked = last.then(() => {
      child.stdin.write(`${JSON.stringify({ command, listed })}\n`);
      return answer();
    });
    last = asked.catch(() => {});
    return asked;
  };
  return {
    count: (listed) => ask("count", listed) as Promise<Count>,
    unlisted: async (listed) => ((await ask("unlisted", listed)) as { unlisted: string[] }).unlisted,
    end: () => void child.kill("SIGKILL"),
  };
}
