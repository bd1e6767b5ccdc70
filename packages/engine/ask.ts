/**
 * Asking a target: by its breaker, within its share of calls, on a connection that answers.
 *
 * Everything that the engine does in a target goes through here, so that each call's end counts: silence opens the
 * breaker, an answer closes it, and a target that says it is busy is asked less at once.
 */
import type { Config } from "./configs.ts";
import type { Endpoint, Link } from "./connections.ts";
import type { Context } from "./context.ts";
import { TargetRefused, TargetTimeout } from "./errors.ts";
import { classOf, isTimeout } from "./refusals.ts";

/** A call that was cut off sooner says nothing of the target: it had waited for its turn for too long. */
const FAIR_MS = 4_000;

/** What is asked: with whose admin credential, over which connections, until when. */
export interface Asking {
  config: Config;
  endpoint: Endpoint;
  deadline: AbortSignal;
  /** It ends an account: that goes before what makes one. */
  endsAccount?: boolean;
}

/** What is done on a connection that answers. */
export type Work<T> = (link: Link, giveShareBack: () => void) => Promise<T>;

/** Runs `work` in the target; it may give its share of calls back before it ends. @throws what `work` throws, the deadline's reason, TargetDown, Unavailable */
export async function ask<T>(context: Context, asking: Asking, work: Work<T>): Promise<T> {
  const { config, endpoint, deadline } = asking;
  const admission = await context.breaker.admit(config);
  const enter: Endpoint["enter"] = (signal, connect) => context.breaker.login(config, admission, signal, connect);
  const key = config.targetKey.toString("hex");
  const release = await context.slots.take(key, deadline, asking.endsAccount);
  const began = performance.now();
  try {
    const result = await context.connections.use({ ...endpoint, enter }, deadline, (link) => work(link, release));
    context.slots.faster(key);
    await context.breaker.ended(config, undefined);
    return result;
  } catch (error) {
    const cause = causeOf(error);
    if (classOf(config.target, cause) === "busy") context.slots.slower(key);
    const cutOff = isTimeout(cause) && performance.now() - began < FAIR_MS;
    if (!cutOff && !context.pulse.stoodStillSince(began)) await context.breaker.ended(config, cause);
    throw error;
  } finally {
    release();
  }
}

/** What the target itself threw, under the engine's words for it. */
function causeOf(error: unknown): unknown {
  const worded = error instanceof TargetTimeout || error instanceof TargetRefused;
  return worded ? (error.cause ?? error) : error;
}
