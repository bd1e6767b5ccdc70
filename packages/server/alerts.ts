/**
 * Delivering alerts: one loop a node, over the store's outbox, to one receiver.
 *
 * Owns how an alert looks on the way, how it is signed, and when it is tried again. An alert is delivered at least once:
 * only an answer in the 200s, heard within five seconds, ends it. The receiver's address may carry a token, so only its
 * host is ever logged.
 */
import { createHmac } from "node:crypto";
import { request as plain } from "node:http";
import { request as secure } from "node:https";
import { alerts, type Store } from "@dayfly/store";
import type { Settings } from "./config.ts";
import type { ServerLog } from "./log.ts";

type Webhook = NonNullable<Settings["webhook"]>;

const LOOK_EVERY_MS = 1_000;
/** A claim lasts 30 s, so every one of a batch, sent together, is answered or given up well before. */
const TIMEOUT_MS = 5_000;
const BATCH = 16;
const LONGEST_DELAY = 300;

/** Told how each delivery went. */
export type OnDelivery = (result: "taken" | "refused" | "unreachable") => void;

/** 1, 2, 4 … 300 s, give or take a fifth. */
function delayAfter(attempts: number): number {
  return Math.min(LONGEST_DELAY, 2 ** (Math.min(attempts, 30) - 1)) * (0.8 + 0.4 * Math.random());
}

/** What is sent: the body, and the headers by which the receiver knows that it is ours, fresh, and seen before or not. */
function envelope(alert: alerts.ClaimedAlert, instanceId: string, secret: Webhook["secret"]) {
  const { id, kind, raisedAt, facts } = alert;
  const body = JSON.stringify({ id, kind, at: raisedAt.toISOString(), instanceId, ...facts });
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex");
  const headers = {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "user-agent": "dayfly",
    "dayfly-alert-id": id,
    "dayfly-timestamp": timestamp,
    "dayfly-signature": `v1=${signature}`,
  };
  return { body, headers };
}

/** Sends one. Redirects are not followed: they would lead the alert where nobody has said it may go. @returns the status */
function post(url: string, { body, headers }: ReturnType<typeof envelope>): Promise<number> {
  const request = url.startsWith("https:") ? secure : plain;
  return new Promise((settle, fail) => {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const sent = request(url, { method: "POST", headers, signal, agent: false }, (response) => {
      settle(response.statusCode ?? 0);
      // What else the receiver has to say is thrown away, until the time is over.
      response.on("error", () => {}).resume();
    });
    sent.on("error", fail);
    sent.end(body);
  });
}

/** Delivers what is in the outbox until stopped; what was not delivered stays there. */
export function keepAlerting(
  store: Store,
  { url, secret }: Webhook,
  log: ServerLog,
  onDelivery: OnDelivery = () => {},
): { stop(): Promise<void> } {
  const { host } = new URL(url);
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();

  async function deliver(alert: alerts.ClaimedAlert): Promise<void> {
    const { id, kind, attempts, fenceNo } = alert;
    const heard = await post(url, envelope(alert, store.keys.instanceId, secret)).then(
      (status) => ({ status, err: undefined }),
      (err: unknown) => ({ status: undefined, err }),
    );
    if (heard.status !== undefined && heard.status >= 200 && heard.status < 300) {
      onDelivery("taken");
      return store.transaction((tx) => alerts.delivered(tx, id));
    }
    onDelivery(heard.status === undefined ? "unreachable" : "refused");
    const delay = delayAfter(attempts);
    log.warn(
      { alertId: id, kind, receiver: host, attempts, ...heard, retryInSeconds: Math.round(delay) },
      "an alert was not taken; it is tried again",
    );
    return store.transaction((tx) => alerts.postpone(tx, id, fenceNo, delay));
  }

  async function pass(): Promise<void> {
    let claimed = 0;
    try {
      const batch = await store.transaction((tx) => alerts.claim(tx, BATCH));
      claimed = batch.length;
      // What cannot be recorded falls due again by itself, half a minute after its claim.
      const told = await Promise.allSettled(batch.map(deliver));
      for (const end of told) if (end.status === "rejected") throw end.reason;
    } catch (error) {
      if (!stopped) log.warn({ err: error }, "alerts could not be looked up or recorded; it is tried again");
      claimed = 0;
    }
    if (!stopped) timer = setTimeout(() => (running = pass()), claimed === BATCH ? 0 : LOOK_EVERY_MS);
  }
  running = pass();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
