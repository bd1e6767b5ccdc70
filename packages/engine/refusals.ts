/** What a target's error means, and what may be said of it: never a value, a statement or the driver's own text. */
import { type AnyTarget, type ErrorClass, TargetError } from "@dayfly/targets";
import { AddressRefused, TargetRefused, TargetTimeout } from "./errors.ts";

/** A cleaned reason is at most this long, as on the wire. */
const LONGEST = 255;

/** Whether a call was stopped by its deadline. */
export function isTimeout(error: unknown): boolean {
  return error instanceof Error && (error.name === "TimeoutError" || error.name === "AbortError");
}

/** The class that decides about retries. */
export function classOf(target: AnyTarget, error: unknown): ErrorClass {
  if (error instanceof TargetError) return error.errorClass;
  if (error instanceof AddressRefused) return "refused";
  if (isTimeout(error)) return "unreachable";
  return target.classify(error);
}

/** A sentence for people. */
export function reasonOf(target: AnyTarget, error: unknown): string {
  let text: string;
  if (error instanceof TargetError || error instanceof AddressRefused) text = error.message;
  else if (isTimeout(error)) text = "the target did not answer in time";
  else text = target.explain(error);
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`;
}

/** The engine's own error for what a target threw while something was being done. */
export function refusal(target: AnyTarget, address: string, doing: string, error: unknown): Error {
  if (isTimeout(error)) {
    return new TargetTimeout(
      `${doing} at ${address} did not finish in time; whatever it made there will be taken back. Try again, and look at the target's load`,
      { cause: error },
    );
  }
  const fix = error instanceof TargetError ? error.fix : undefined;
  return new TargetRefused(`${doing} at ${address} failed: ${reasonOf(target, error)}`, {
    cause: error,
    ...(fix === undefined ? {} : { fix }),
  });
}
