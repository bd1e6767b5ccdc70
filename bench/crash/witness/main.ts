/**
 * The witness: counts what outlived its lease, from the target's own catalogue and by logging in.
 *
 * A program of its own that imports nothing of the product and nothing of the harness; all that it is given is the
 * journal's file, the target's superuser by the usual PG* variables, and, to count, the leases as the server lists them.
 * It reads commands as JSON lines and answers each with one.
 */
import { createInterface } from "node:readline";
import pg from "pg";
import { Ledger, type Promised } from "./ledger.ts";
import { Findings, forEach, login } from "./logins.ts";
import { watch } from "./watch.ts";

/** Some of the leases whose role is gone are tried all the same. */
const SAMPLE = 50;

interface Listed {
  id: string;
  username: string;
  end: number;
  /** It does not live any more, and its account is being taken back. */
  ending: boolean;
}

const ledger = new Ledger(process.argv[2]!);
const orphans = new Set<string>();

const superuser = new pg.Client();
superuser.on("error", () => {});
await superuser.connect();
const names = async (): Promise<string[]> => {
  const { rows } = await superuser.query<{ rolname: string }>("select rolname from pg_roles");
  return rows.map(({ rolname }) => rolname);
};
const findings = new Findings(async (username) => {
  const sql = "select extract(epoch from rolvaliduntil) * 1000 as end from pg_roles where rolname = $1";
  const { rows } = await superuser.query<{ end: string | null }>(sql, [username]);
  return rows[0]?.end ? Math.round(Number(rows[0].end)) : null;
});
const atStart = new Set(await names());
const roles = async (): Promise<string[]> => (await names()).filter((name) => !atStart.has(name));

/** Roles of which the server knows nothing. */
async function unlisted(listed: Listed[]): Promise<string[]> {
  const known = new Set(listed.map(({ username }) => username));
  return (await roles()).filter((name) => !known.has(name));
}

/** Whether each lease that must live does, at the server and in the target. */
function findLost(listed: Listed[], standing: Set<string>): void {
  const byId = new Map(listed.map((lease) => [lease.id, lease]));
  for (const { id, username, end, revoked, missed } of ledger.leases.values()) {
    if (missed) findings.lost.set(id, "the server answered that there is none");
    // The list was made a moment ago; one that ends now is left to the watch.
    if (revoked !== "no" || end < Date.now() + 2_000) continue;
    const known = byId.get(id);
    if (!standing.has(username)) findings.lost.set(id, "its role is missing");
    else if (!known) findings.lost.set(id, "the server does not list it");
    else if (known.ending) findings.lost.set(id, "the server is ending it");
    else if (known.end < end - 1_000) findings.lost.set(id, `listed with an end ${end - known.end} ms too early`);
  }
}

async function count(listed: Listed[]): Promise<Record<string, unknown>> {
  ledger.read();
  for (const name of await unlisted(listed)) orphans.add(name);
  const standing = new Set(await roles());
  findLost(listed, standing);
  const all = [...ledger.leases.values()];
  const gone = all.filter(({ username }) => !standing.has(username)).sort(() => Math.random() - 0.5);
  const tried = [...all.filter(({ username }) => standing.has(username)), ...gone.slice(0, SAMPLE)];
  await forEach(tried, async (lease: Promised) => {
    const began = Date.now();
    const outcome = await login(lease);
    ledger.read();
    findings.judge(lease, outcome, began, false);
  });
  return {
    roles: standing.size,
    orphans: [...orphans],
    leases: all.length,
    lost: [...findings.lost],
    late: [...findings.late],
    revived: [...findings.revived],
    unsure: findings.unsure.size,
    past: [...findings.past.values()],
    logins: findings.logins,
    whileDown: findings.whileDown,
    unasked: findings.unasked,
  };
}

watch(ledger, findings);
process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
for await (const text of createInterface({ input: process.stdin })) {
  const { command, listed } = JSON.parse(text) as { command: "unlisted" | "count"; listed: Listed[] };
  const answer = command === "count" ? await count(listed) : { unlisted: await unlisted(listed) };
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
process.exit(0);
