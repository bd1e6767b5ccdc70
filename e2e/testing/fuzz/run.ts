/** A run: sends the requests one after another and holds each answer, and what is left at the end, against what must be. */
import { readFileSync } from "node:fs";
import { openStoreOf } from "../store.ts";
import { drafts } from "./drafts.ts";
import { type Draft, operationsOf } from "./grammar.ts";
import { faultsOf, reached } from "./judge.ts";
import { render } from "./render.ts";
import type { Scene } from "./scene.ts";
import { type Heard, type Sent, senderTo } from "./sender.ts";
import { digestOfRows } from "./stranger.ts";
import { mend, type Things, wordsOf } from "./things.ts";
import { unstorable } from "./unstorable.ts";

/** What a run found. */
export interface Findings {
  requests: number;
  seconds: number;
  /** How often each status came. */
  statuses: Record<string, number>;
  /** Operations that were answered with 200 at least once. */
  succeeded: number;
  operations: number;
  slowest: { ms: number; what: string };
  /** Resident memory of the server, in MiB. */
  memory: { before: number; after: number };
  /** Answers that must not be, each with its request. */
  faults: string[];
  /** Answers and prints that hold what their reader may not see. */
  leaks: string[];
  /** Lines of the server's log that are not one object of JSON. */
  unreadable: string[];
  /** Rows of the other project that changed, by table. */
  changed: string[];
}

/** Asks so many requests, drawn by `seed`, and then every text that is asked for as one that cannot be kept. */
export async function run(scene: Scene, asked: { seed: number; requests: number }): Promise<Findings> {
  const { server, stranger, things, hidden } = scene;
  const operations = operationsOf(scene.document);
  const sender = senderTo(server.url);
  const store = await openStoreOf(server);
  // Without the owner, whom another project may well make a member.
  const { identityId: _, ...ids } = stranger.things;
  const uuids = Object.values(ids).filter((id) => /^[0-9a-f-]{36}$/.test(id));
  const before = await digestOfRows(store, uuids);
  const found: Findings = {
    requests: 0,
    seconds: 0,
    statuses: {},
    succeeded: 0,
    operations: operations.length,
    slowest: { ms: 0, what: "" },
    memory: { before: residentMib(server.pid()), after: 0 },
    faults: [],
    leaks: [],
    unreadable: [],
    changed: [],
  };
  const succeeded = new Set<string>();
  const printed = server.output().length;
  const began = performance.now();
  const words = wordsOf(scene.orders);
  const keptNowhere = unstorable(operations, words, asked.seed).map((draft) => ({ ...draft, caller: "admin" }));
  for (const draft of [...drafts(operations, words, asked), ...keptNowhere]) {
    const sent = render(draft, knownTo(draft.caller, things), authorizationOf(scene, draft.caller));
    const heard = await sender.send(sent);
    found.requests += 1;
    found.statuses[heard.status] = (found.statuses[heard.status] ?? 0) + 1;
    const operation = reached(operations, sent);
    if (heard.status === 200 && operation) succeeded.add(operation.name);
    const faults = faultsOf(sent, heard, operation);
    if (faults.length > 0) found.faults.push(`${faults.join("; ")}\n  ${tell(found.requests, draft, sent, heard)}`);
    const held = [...hidden["*"]!, ...(hidden[draft.caller.split(" ")[0]!] ?? [])];
    if (held.some((secret) => heard.text.includes(secret) || JSON.stringify(heard.headers).includes(secret))) {
      found.leaks.push(tell(found.requests, draft, sent, heard));
    }
    if (heard.ms > found.slowest.ms) found.slowest = { ms: heard.ms, what: tell(found.requests, draft, sent, heard) };
    if (heard.status < 400 || heard.status >= 500) await mendAfter(scene, sent);
  }
  found.seconds = (performance.now() - began) / 1000;
  found.succeeded = succeeded.size;
  found.memory.after = residentMib(server.pid());
  const lines = server.output().slice(printed).split("\n");
  found.unreadable = lines.filter((line) => line !== "" && !isObject(line)).map((line) => line.slice(0, 200));
  const after = await digestOfRows(store, uuids);
  await store.end();
  sender.close();
  for (const table of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (before[table] !== after[table]) found.changed.push(`${table}: ${before[table]} is ${after[table]}`);
  }
  const tokens = Object.values(scene.callers).map((value) => value?.slice("Bearer ".length));
  for (const secret of [...hidden["*"]!, ...tokens]) {
    if (secret !== undefined && server.output().includes(secret)) found.leaks.push("the server's output");
  }
  return found;
}

/** What makes things takes none away; what a person ends may be their own session. */
async function mendAfter({ things, keepers }: Scene, { method, target }: Sent): Promise<void> {
  if (!["GET", "HEAD", "POST"].includes(method)) await mend(things, keepers);
  if (target.includes("logout") || target.includes("sessions")) await keepers.signIn();
}

/** Who administers the organization may take the stranger's identity away, so they do not know of it. */
function knownTo(caller: string, things: Things): Things {
  return ["ruler", "person"].includes(caller) ? { ...things, "their.identityId": things.identityId! } : things;
}

/** The value of the header; null for none. */
function authorizationOf({ callers, attacks }: Scene, caller: string): string | null {
  const [who, attack] = caller.split(" ");
  return attack === undefined ? callers[who!]! : attacks[Number(attack) % attacks.length]!;
}

function isObject(line: string): boolean {
  try {
    return typeof JSON.parse(line) === "object";
  } catch {
    return false;
  }
}

function tell(number: number, draft: Draft, { method, target, body }: Sent, { status, text, ms }: Heard): string {
  const by = `${draft.caller}${draft.done.length > 0 ? ` (${draft.done.join(", ")})` : ""}`;
  // A good answer may hold a credential.
  const answer = status === 200 ? "" : ` ${text.slice(0, 300)}`;
  const given = body === undefined || draft.operation.name === "universalAuthLogin" ? "" : ` ${body.subarray(0, 300)}`;
  return `request ${number}, ${by}: ${method} ${target.slice(0, 300)}${given}\n  ${status} in ${Math.round(ms)} ms${answer}`;
}

function residentMib(pid: number): number {
  const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Math.round(Number(kib) / 1024);
}
