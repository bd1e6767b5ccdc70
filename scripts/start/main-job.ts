/**
 * The main job, done once before a person's eyes: a credential is leased, used, held to its limits, renewed and taken back
 * while a session is open.
 *
 * Owns the steps and what each must show. Everything goes through the public doors: HTTP, and a PostgreSQL login.
 */
import type { Dayfly } from "@dayfly/sdk";
import pg from "pg";
import type { Orders } from "./orders.ts";
import { place, secretName } from "./project.ts";

/** What was done, and what went wrong first. */
export interface MainJob {
  secret: string;
  target: string;
  steps: { name: string; ms: number }[];
  failure: { step: string; message: string } | null;
  /** Null when there was none to begin with. */
  leaseId: string | null;
}

/** A step that did not show what it must. */
class NotShown extends Error {}

// How long after the revocation an open session may still be there.
const cutWithin = 2_000;

/** Does the main job. A failure is part of the answer; the lease is revoked also then. */
export async function doMainJob(dayfly: Dayfly, orders: Orders): Promise<MainJob> {
  const { host, port, database } = orders;
  const job: MainJob = {
    secret: secretName,
    target: `${database} at ${host}:${port}`,
    steps: [],
    failure: null,
    leaseId: null,
  };
  let current = "";
  const step = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    current = name;
    const start = performance.now();
    const result = await work();
    job.steps.push({ name, ms: performance.now() - start });
    return result;
  };
  let session: Session | null = null;
  let live: string | null = null;
  try {
    const lease = await step("lease", () => dayfly.leases.create({ ...place, dynamicSecretName: secretName }));
    const { leaseId, username: user, password, expiresAt } = lease;
    live = job.leaseId = leaseId;
    const login = { host, port, database, user, password };
    const { client, ended } = await step("log in", () => open(login));
    session = { client, ended };
    await step("select allowed", () => client.query("select count(*) from orders"));
    await step("insert refused", () =>
      refused(client.query("insert into customers (name, city) values ('Eve', 'Nowhere')"), "42501"),
    );
    await step("renew", async () => {
      const { expireAt } = await dayfly.leases.renew(leaseId, { ...place, ttl: "1h" });
      if (Date.parse(expireAt) <= expiresAt.getTime()) throw new NotShown("the lease's end did not move");
    });
    // A success is said only with proof that the account is gone.
    await step("revoke", () => dayfly.leases.revoke(leaseId, place));
    live = null;
    await step("open session ended", () => soon(ended));
    await step("login refused", () => refused(open(login), "28P01"));
  } catch (error) {
    job.failure = { step: current, message: error instanceof Error ? error.message : String(error) };
  } finally {
    await session?.client.end().catch(() => {});
    if (live) await dayfly.leases.revoke(live, place).catch(() => {});
  }
  return job;
}

interface Session {
  client: pg.Client;
  /** Resolves when the connection is closed, by whomever. */
  ended: Promise<void>;
}

async function open(login: pg.ClientConfig): Promise<Session> {
  const client = new pg.Client({ ...login, connectionTimeoutMillis: 5_000 });
  const ended = new Promise<void>((resolve) => client.once("end", () => resolve()));
  // A session that is cut says so by this event; unheard, it would end the process.
  client.on("error", () => {});
  await client.connect();
  return { client, ended };
}

/** The code tells a refusal from an accident: 42501 is "no such right", 28P01 "no such login". */
async function refused(asked: Promise<unknown>, code: string): Promise<void> {
  const error = await asked.then(
    () => null,
    (error: { code?: string; message?: string }) => error,
  );
  if (!error) throw new NotShown("it was allowed");
  if (error.code !== code) throw new NotShown(`expected ${code}, got ${error.code ?? ""} ${error.message ?? ""}`);
}

async function soon(ended: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NotShown(`it was still open ${cutWithin} ms after the revocation`)), cutWithin);
  });
  await Promise.race([ended, late]).finally(() => clearTimeout(timer));
}
