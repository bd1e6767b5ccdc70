/** Proving a configuration against its target, step by step, before it is stored. Changes nothing that lasts. */
import { type Step, TargetError } from "@dayfly/targets";
import type { Config } from "./configs.ts";
import type { Context } from "./context.ts";
import { TargetRefused } from "./errors.ts";
import { reasonOf } from "./refusals.ts";
import type { TimedStep } from "./trial.ts";

const VERIFY_MS = 25_000;

/** Every step and how long it took; a target that could not be connected to has one, which says how far it got. */
export async function verifySteps(context: Context, config: Config): Promise<TimedStep[]> {
  const { target, parsed } = config;
  const deadline = AbortSignal.timeout(VERIFY_MS);
  const steps: TimedStep[] = [];
  let since = performance.now();
  const took = (step: Step): void => {
    const now = performance.now();
    steps.push({ ...step, durationMs: Math.round(now - since) });
    since = now;
  };
  try {
    await context.connections.use({ key: null, target, config: parsed }, deadline, async (link) => {
      const all = async (): Promise<void> => {
        for await (const step of target.verify(link.client, parsed)) took(step);
      };
      await link.run(all());
    });
  } catch (error) {
    const step = (error instanceof TargetError && error.step) || "reach";
    const fix = error instanceof TargetError && error.fix ? { fix: error.fix } : {};
    took({ step, outcome: "failed", message: reasonOf(target, error), ...fix });
  }
  return steps;
}

/** @throws TargetRefused with the first failed step, and what mends it */
export async function requireVerified(context: Context, config: Config): Promise<void> {
  const steps = await verifySteps(context, config);
  const failed = steps.filter((step) => step.outcome === "failed");
  const first = failed[0];
  if (!first) return;
  const fix = failed.flatMap((step) => step.fix ?? []).join("\n");
  throw new TargetRefused(
    `the target at ${config.address} was not accepted (${first.step}): ${first.message}${fix ? `. Run this there as an administrator, then save again:\n${fix}` : ""}`,
    { steps, ...(fix ? { fix } : {}) },
  );
}
