/**
 * The raw limit: the SQL that a perfect server could not do without, sent to the same PostgreSQL by the same driver.
 *
 * Owns that SQL. Each act is one round trip. A verifier is ready before it is wanted. Whoever changes the grants of
 * tables takes turns, since without turns about half of them fail.
 */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import pg from "pg";
import { type Config, GROUP, type Grant, type Target } from "./target.ts";

const TURN = "SELECT pg_advisory_xact_lock(4711)";
const VERIFIERS = 16;

/** Connections that do what a server would have to. */
export interface Raw {
  create(worker: number, index: number): Promise<void>;
  renew(worker: number, index: number): Promise<void>;
  revoke(worker: number, index: number): Promise<void>;
  close(): Promise<void>;
}

/** Opens `workers` connections. Accounts are named by their index. */
export async function openRaw(target: Target, config: Config, workers: number): Promise<Raw> {
  const clients = await Promise.all(Array.from({ length: workers }, () => target.connect()));
  const verifiers = Array.from({ length: VERIFIERS }, () => verifier(config.rounds));
  const tag = randomBytes(4).toString("hex");
  const run = async (worker: number, sql: string): Promise<void> => {
    await clients[worker]!.query(sql);
  };
  const role = (index: number): string => pg.escapeIdentifier(`raw-${tag}-with-a-name-as-long-${index}`);
  const until = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString();
  return {
    create(worker, index) {
      const made = `CREATE ROLE ${role(index)} WITH LOGIN PASSWORD '${verifiers[index % VERIFIERS]}' VALID UNTIL '${until(2)}'`;
      return run(worker, creation[config.grant](made, role(index)));
    },
    renew: (worker, index) => run(worker, `ALTER ROLE ${role(index)} VALID UNTIL '${until(3)}'`),
    revoke: (worker, index) => run(worker, revocation[config.grant](role(index))),
    async close() {
      await Promise.all(clients.map((client) => client.end()));
    },
  };
}

const creation: Record<Grant, (made: string, role: string) => string> = {
  ro: (made, role) =>
    `BEGIN; ${TURN}; ${made}; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}; GRANT USAGE ON SCHEMA public TO ${role}; COMMIT`,
  m: (made) => `${made} IN ROLE ${GROUP}`,
  n: (made) => made,
};

const revocation: Record<Grant, (role: string) => string> = {
  ro: (role) =>
    `BEGIN; ${TURN}; REVOKE SELECT ON ALL TABLES IN SCHEMA public FROM ${role}; REVOKE USAGE ON SCHEMA public FROM ${role}; DROP ROLE ${role}; COMMIT`,
  m: (role) => `DROP ROLE ${role}`,
  n: (role) => `DROP ROLE ${role}`,
};

function verifier(rounds: number): string {
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(randomBytes(24).toString("hex"), salt, rounds, 32, "sha256");
  const key = (label: string): Buffer => createHmac("sha256", salted).update(label).digest();
  const stored = createHash("sha256").update(key("Client Key")).digest("base64");
  return `SCRAM-SHA-256$${rounds}:${salt.toString("base64")}$${stored}:${key("Server Key").toString("base64")}`;
}
