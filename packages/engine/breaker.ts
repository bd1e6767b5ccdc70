/**
 * The breaker of each target and of each admin's login there: when not to ask.
 *
 * The state is rows that all nodes share (`targets` in the store); this keeps a view of them, refreshed at each look of
 * the sweeper, so that calls to healthy targets cost nothing. A new login always asks the store, since of one login only
 * so many may be refused by all nodes together. One node tries one login of a target at a time: a burst after a changed
 * password must not be a burst of refused logins.
 */
import { alerts, audit, revocations, type Store, type Tx, targets, Unavailable, wakeups } from "@dayfly/store";
import { TargetError } from "@dayfly/targets";
import type { Config } from "./configs.ts";
import { classOf, reasonOf } from "./refusals.ts";
import { createSlots } from "./slots.ts";

/** What is deferred because of a breaker is looked at again after this long at most: it may have closed meanwhile. */
const LONGEST_DEFER_SECONDS = 30;
/** How often a login waits for others that are just being tried on other nodes. */
const LOOK_AGAIN_MS = 100;

/** The target is not asked now: it did not answer, or refused the admin, and its next probe is not due. */
export class TargetDown extends TargetError {
  override name = "TargetDown";
  /** Seconds after which it may be asked. */
  readonly retryAfter: number;
  constructor(errorClass: "unreachable" | "auth", message: string, waitMs: number) {
    super(errorClass, message, { step: errorClass === "auth" ? "authenticate" : "reach" });
    this.retryAfter = Math.min(LONGEST_DEFER_SECONDS, Math.max(1, waitMs / 1000));
  }
}

/** How a call was let through. */
export interface Admission {
  /** It is the one that may ask a target that is held to be down. */
  isProbe: boolean;
}

export interface Breaker {
  /** Reads the rows again. */
  refresh(): Promise<void>;
  /** Milliseconds for which calls of this target are held back, 0 when one may go as a probe; null: not held back. */
  heldFor(targetKey: Buffer): number | null;
  /** What is said of a target that is held back. */
  reasonOf(targetKey: Buffer): string;
  /** Lets a call through, or takes the target's next probe for it. @throws TargetDown, Unavailable */
  admit(config: Config): Promise<Admission>;
  /** Runs a new login of an admitted call by the rules. @throws TargetDown, Unavailable, and what `connect` throws */
  login<T>(config: Config, admission: Admission, signal: AbortSignal, connect: () => Promise<T>): Promise<T>;
  /** A call ended in this way; what got no answer counts, what got one ends the count. Never throws. */
  ended(config: Config, error: unknown): Promise<void>;
  /** In the transaction of an edit that has just proven the target: nothing holds it back any more. */
  proven(tx: Tx, config: Config, before: Config): Promise<void>;
}

/** Makes the view of one node. */
export function createBreaker(
  store: Store,
  wake: (inMs: number) => void,
  warn: (fields: Record<string, unknown>, message: string) => void,
): Breaker {
  let hosts = new Map<string, targets.Trouble & { readAt: number }>();
  // One login of a target at a time.
  const turns = createSlots(1, Number.POSITIVE_INFINITY);

  async function refresh(): Promise<void> {
    const readAt = performance.now();
    const rows = await targets.troubled(store);
    const onlyHosts = rows.filter((row) => row.credential.length === 0);
    hosts = new Map(onlyHosts.map((row) => [row.targetKey.toString("hex"), { ...row, readAt }]));
  }

  function heldFor(targetKey: Buffer): number | null {
    const host = hosts.get(targetKey.toString("hex"));
    return host?.isOpen ? Math.max(0, host.readAt + (host.probeInMs ?? 0) - performance.now()) : null;
  }

  const reason = (targetKey: Buffer): string => hosts.get(targetKey.toString("hex"))?.error ?? "it did not answer";

  function hostDown({ targetKey }: Config): TargetDown {
    const message = `the target is held to be down and is probed every few seconds: ${reason(targetKey)}`;
    return new TargetDown("unreachable", message, heldFor(targetKey) ?? 0);
  }

  /** A breaker has moved: recorded and told to every node in the transaction that moves it. */
  async function record(tx: Tx, event: "target.down" | "target.up", of: targets.Named, error?: string): Promise<void> {
    const isHost = of.credential.length === 0;
    const errorClass = isHost ? "unreachable" : "auth";
    const account = isHost ? {} : { account: of.account };
    const isDown = event === "target.down";
    await audit.append(tx, audit.systemCaller, {
      event,
      target: of.address,
      ...account,
      ...(isDown ? { outcome: "failed", errorClass, error } : {}),
    });
    await alerts.raise(tx, {
      kind: event,
      target: { address: of.address, ...account },
      ...(isDown && { errorClass, reason: error }),
    });
    if (event === "target.up") await revocations.hurry(tx, of.targetKey);
    await wakeups.wakeAll(tx);
  }

  /** After the commit of a move this node goes on at once. */
  async function moved(): Promise<void> {
    await refresh();
    wake(0);
  }

  function hostOf(config: Config): targets.Named {
    return { targetKey: config.targetKey, credential: targets.HOST, address: config.address, account: "" };
  }

  async function countFailure(config: Config, error: unknown): Promise<void> {
    const said = reasonOf(config.target, error);
    const opened = await store.transaction(async (tx) => {
      const now = await targets.unreachable(tx, hostOf(config), said);
      if (now) await record(tx, "target.down", hostOf(config), said);
      return now;
    });
    if (opened) warn({ target: config.address, reason: said }, "a target does not answer; it is probed from now on");
    await refresh();
  }

  async function countAnswer(config: Config): Promise<void> {
    const closed = await store.transaction(async (tx) => {
      const was = await targets.reached(tx, config.targetKey);
      if (was) await record(tx, "target.up", hostOf(config));
      return was;
    });
    if (closed) await moved();
    else await refresh();
  }

  /** Waits for its place among the logins of all nodes. */
  async function reserve(login: targets.Named, signal: AbortSignal): Promise<string> {
    for (;;) {
      signal.throwIfAborted();
      const place = await store.transaction((tx) => targets.reserveLogin(tx, login));
      if ("granted" in place) return place.granted;
      const { error, waitMs } = place.refused;
      if (error !== null) {
        throw new TargetDown("auth", `the admin's login is not tried again yet; it was refused: ${error}`, waitMs);
      }
      await new Promise((settle) => setTimeout(settle, Math.min(waitMs, LOOK_AGAIN_MS)));
    }
  }

  async function tryLogin<T>(config: Config, signal: AbortSignal, connect: () => Promise<T>): Promise<T> {
    const { targetKey, credential, address, account } = config;
    const login: targets.Named = { targetKey, credential, address, account };
    const granted = await reserve(login, signal);
    let opened: T;
    try {
      opened = await connect();
    } catch (error) {
      if (classOf(config.target, error) !== "auth") {
        await targets.freeLogin(store, login, granted).catch(() => undefined);
        throw error;
      }
      const said = reasonOf(config.target, error);
      await store.transaction(async (tx) => {
        if (!(await targets.loginRefused(tx, login, granted, said))) return;
        await record(tx, "target.down", login, said);
        warn({ target: address, account, reason: said }, "an admin's login is refused; it is tried seldom from now on");
      });
      throw error;
    }
    // What is not written gives its place back by itself; the call need not wait for it.
    void store
      .transaction(async (tx) => {
        const was = await targets.loginWorked(tx, login, granted);
        if (was) await record(tx, "target.up", login);
        return was;
      })
      .then((was) => (was ? moved() : undefined))
      .catch((error) => warn({ target: address, err: error }, "a login that worked could not be recorded"));
    return opened;
  }

  return {
    refresh,
    heldFor,
    reasonOf: reason,
    async admit(config) {
      if (heldFor(config.targetKey) === null) return { isProbe: false };
      const taken = await store.transaction((tx) => targets.takeProbe(tx, config.targetKey));
      await refresh();
      if (!taken) throw hostDown(config);
      return { isProbe: true };
    },
    async login(config, { isProbe }, signal, connect) {
      const release = await turns.take(config.credential.toString("hex"), signal);
      try {
        // It may have been found to be down while this one waited.
        if (!isProbe && heldFor(config.targetKey) !== null) throw hostDown(config);
        return await tryLogin(config, signal, connect);
      } finally {
        release();
      }
    },
    async ended(config, error) {
      if (error instanceof TargetDown || error instanceof Unavailable) return;
      const silent = error !== undefined && classOf(config.target, error) === "unreachable";
      if (!silent && !hosts.has(config.targetKey.toString("hex"))) return;
      await (silent ? countFailure(config, error) : countAnswer(config)).catch((cause) =>
        warn({ target: config.address, err: cause }, "how a target answered could not be recorded"),
      );
    },
    async proven(tx, config, before) {
      const closed = [await targets.reached(tx, config.targetKey)];
      if (!before.credential.equals(config.credential)) {
        closed.push(await targets.forgetLogin(tx, before.targetKey, before.credential));
      }
      if (closed.some(Boolean)) await record(tx, "target.up", hostOf(config));
      else await revocations.hurry(tx, config.targetKey);
    },
  };
}
