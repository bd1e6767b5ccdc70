/**
 * The audit trail's rows: one an act, in the transaction of what it records.
 *
 * A row is canonical JSON under an HMAC. Its fields are an allow-list: what is not named in `AuditEvent` cannot get in.
 * Linking the rows into a chain is `audit-chain.ts`.
 */
import { type KeyObject, randomUUID } from "node:crypto";
import type { Caller, Single } from "./db.ts";
import { type Keyring, mac } from "./keyring.ts";

/** What happened. No field ever holds a secret. */
export interface AuditEvent {
  event: string;
  outcome?: "done" | "denied" | "failed";
  projectId?: string | null;
  environment?: string;
  path?: string;
  /** The name of the secret, folder, project … concerned. */
  name?: string;
  /** The id of the thing concerned. */
  subjectId?: string;
  dynamicSecretId?: string;
  leaseId?: string;
  /** The lease whose place this one takes. */
  replaces?: string;
  /** The account's name in the target. */
  account?: string;
  /** Host and port of the target. */
  target?: string;
  expiresAt?: string;
  reason?: string;
  errorClass?: string;
  count?: number;
  /** Other places that were read for the answer, as "environment:path" or "environment:path:name". */
  alsoRead?: string[];
  /** Slugs of the roles that were given. */
  roles?: string[];
  /** Names of the fields that were changed. */
  fields?: string[];
  method?: string;
  route?: string;
  status?: number;
  error?: string;
  /** Whether stored admin credentials were handed out. */
  rootCredentials?: boolean;
  proof?: string;
  /** Whether somebody only looked at what an order would do. */
  dryRun?: boolean;
  /** What a freeze is on. */
  scope?: string;
  /** Whether a deletion was told not to wait for accounts that cannot be ended. */
  forced?: boolean;
}

/** The system itself, for what nobody asked: expiry, retries. */
export const systemCaller: Caller = {
  actor: { type: "system", id: null, name: "dayfly" },
  requestId: "",
  ip: null,
  userAgent: null,
};

/** The key that authenticates rows. */
export function auditKey(keyring: Keyring): KeyObject {
  return keyring.derive("audit rows");
}

function clip(text: string | null, length: number): string | null {
  return text === null || text.length <= length ? text : text.slice(0, length);
}

/** Writes one row. It counts for `caller` once the transaction has committed. */
export function append(tx: Single, caller: Caller, event: AuditEvent): Promise<void> {
  return appendAll(tx, caller, [event]);
}

/** So many rows a statement. */
const AT_ONCE = 1_000;

/** Writes a row an event, many of them at once. */
export async function appendAll(tx: Single, caller: Caller, events: AuditEvent[]): Promise<void> {
  for (let at = 0; at < events.length; at += AT_ONCE) {
    const rows = rowsOf(tx.keys, caller, events.slice(at, at + AT_ONCE));
    await tx.sql.insertInto("audit_events").values(rows).execute();
  }
  if (events.length > 0) tx.recording.push(caller);
}

/** The rows of events, authenticated. */
export function rowsOf(
  keys: Keyring,
  caller: Caller,
  events: AuditEvent[],
): { id: string; body: string; mac: Buffer }[] {
  const key = auditKey(keys);
  return events.map((event) => {
    const { id, body } = written(caller, event);
    return { id, body, mac: mac(key, id, body) };
  });
}

function written(caller: Caller, event: AuditEvent): { id: string; body: string } {
  const id = randomUUID();
  const { event: name, outcome = "done", projectId = null, ...rest } = event;
  // Keys in alphabetical order: the same event is the same text.
  const detail = Object.fromEntries(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)));
  const body = JSON.stringify({
    id,
    at: new Date().toISOString(),
    event: name,
    outcome,
    actor: { type: caller.actor.type, id: caller.actor.id, name: clip(caller.actor.name, 255) },
    requestId: caller.requestId,
    ip: caller.ip,
    userAgent: clip(caller.userAgent, 255),
    projectId,
    detail,
  });
  return { id, body };
}

const recordedRows = new WeakMap<Caller, number>();

/** Called by the store when the rows of these callers are durable. */
export function countRecorded(callers: Caller[]): void {
  for (const caller of callers) recordedRows.set(caller, (recordedRows.get(caller) ?? 0) + 1);
}

/** How many durable rows this caller's request has. */
export function recorded(caller: Caller): number {
  return recordedRows.get(caller) ?? 0;
}

export interface AuditRow {
  id: string;
  at: string;
  event: string;
  outcome: string;
  actor: Caller["actor"];
  requestId: string;
  ip: string | null;
  projectId: string | null;
  detail: Record<string, unknown>;
}
