/**
 * Readiness: whether a new account works by now, asked before it is handed out.
 *
 * Owns how long is waited and what each answer means. A target that accepted the account may let it in later, where
 * replicas or caches follow: "refused" is asked again. If it is still the answer when the wait is over, the create has
 * failed; if nobody could tell, the lease stands and says that it is not known to be ready. It does not know rows: until
 * its end the lease is an intent that nobody holds, so a crash takes it back.
 */
import { type AnyTarget, type Issued, TargetError } from "@dayfly/targets";
import type { IssueOptions, Readiness } from "./api.ts";
import { ask } from "./ask.ts";
import type { Config } from "./configs.ts";
import type { Context } from "./context.ts";
import { InvalidInputs } from "./errors.ts";

/** What a request waits that asks for a wait and not for how long. */
const USUAL_SECONDS = 10;
/** Beyond the create limit where only the configuration asks: with it the answer is out before official clients give up. */
const UNASKED_MS = 1_000;
/** From the end of a wait until the lease has to be active. */
const MARGIN_MS = 500;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 2_000;

/** What a lease waits for. */
export interface Wait {
  for: "api" | "login";
  /** By how much the answer may come later than the create limit. */
  extraMs: number;
  /** When the wait of an account that was made at `made` is over; both by `performance.now()`. */
  endsAt(made: number): number;
}

/** What an answer says of it; nothing when nothing was waited for. */
export interface Ready {
  ready?: boolean;
  readyAfterMs?: number;
}

/** The configuration's own wish; every type has this input under one name. */
function wished(config: Config): Readiness {
  return (config.parsed as { readiness?: Readiness }).readiness ?? "none";
}

/** A configuration cannot wish for what its type has not. @throws InvalidInputs */
export function checkReadiness(config: Config): void {
  if (wished(config) !== "api" || config.target.ready) return;
  const path = ["provider", "inputs", "readiness"];
  throw new InvalidInputs([{ path, message: noControlPlane(config.target) }]);
}

function noControlPlane({ type }: AnyTarget): string {
  return `'api' asks a control plane, and the type '${type}' has none: use 'login', or 'none'`;
}

/** What the lease waits for: the request's wish, else the configuration's; null for nothing. @throws InvalidInputs */
export function waitOf(context: Context, config: Config, options: IssueOptions, ttlSeconds: number): Wait | null {
  const asked = options.wait ?? null;
  const what = asked ?? wished(config);
  if (what === "none") return null;
  if (what === "api" && !config.target.ready) {
    if (asked === null) return null;
    throw new InvalidInputs([{ path: ["wait"], message: noControlPlane(config.target) }]);
  }
  // A lease is not waited away.
  const most = ttlSeconds * 500;
  if (asked === null && !options.waitSeconds) {
    const last = options.arrivedAt + context.settings.createLimitMs + UNASKED_MS;
    return { for: what, extraMs: UNASKED_MS + MARGIN_MS, endsAt: (made) => Math.min(last, made + most) };
  }
  const length = Math.min(most, (options.waitSeconds ?? USUAL_SECONDS) * 1000);
  return { for: what, extraMs: length + MARGIN_MS, endsAt: (made) => made + length };
}

/**
 * Waits. The caller's slot of the target is given back at once, and each question takes one of its own: who only waits holds
 * none.
 * @throws TargetError when the target refuses the account to the end
 */
export async function untilReady(
  context: Context,
  config: Config,
  wait: Wait,
  issued: Issued,
  giveShareBack: () => void,
): Promise<Ready> {
  const made = performance.now();
  const ends = wait.endsAt(made);
  giveShareBack();
  // What it said last; a question that the end cuts off says nothing.
  let said: string | undefined;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    const left = AbortSignal.timeout(Math.max(1, Math.ceil(ends - performance.now())));
    const question = wait.for === "login" ? loginOf : controlPlaneOf;
    said = await question(context, config, issued, left).catch(() => said);
    const readyAfterMs = Math.round(performance.now() - made);
    if (said === "accepted") return { ready: true, readyAfterMs };
    if (performance.now() + pause >= ends) {
      if (said === "refused") throw stillRefused(readyAfterMs);
      return { ready: false, readyAfterMs };
    }
    await new Promise((settle) => setTimeout(settle, pause));
  }
}

/** A login as the account; it is no login of the admin, so no breaker counts it. @throws when the target did not tell */
async function loginOf(
  { slots, netOf }: Context,
  { target, parsed, targetKey }: Config,
  { data }: Issued,
  signal: AbortSignal,
): Promise<"accepted" | "refused"> {
  const release = await slots.take(targetKey.toString("hex"), signal);
  try {
    return await target.login(parsed, data, netOf(signal));
  } finally {
    release();
  }
}

/** What the control plane says. @throws when it did not tell */
async function controlPlaneOf(
  context: Context,
  config: Config,
  { entityId, keep }: Issued,
  deadline: AbortSignal,
): Promise<"accepted" | "not yet"> {
  const { target, parsed } = config;
  const endpoint = { key: null, target, config: parsed };
  const entity = { entityId, ...(keep ? { keep } : {}) };
  const works = await ask(context, { config, endpoint, deadline }, (link) =>
    link.run(target.ready?.(link.client, parsed, entity) ?? Promise.resolve(true)),
  );
  return works ? "accepted" : "not yet";
}

function stillRefused(afterMs: number): TargetError {
  const message =
    `the account was made, but its login was still refused after ${(afterMs / 1000).toFixed(1)} s; it was taken back. ` +
    "See that the creation statement lets it log in to that database, or do not wait for a login";
  return new TargetError("refused", message);
}
