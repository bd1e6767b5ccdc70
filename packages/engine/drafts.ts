/**
 * What somebody wants to save, checked before any target is asked.
 *
 * Whoever moves a configuration to another host has to give its secrets again: a stored password never goes to a place
 * that its owner did not name with it.
 */
import { secretFields } from "@dayfly/targets";
import type { Change, MayRead } from "./api.ts";
import { type Config, draftConfig } from "./configs.ts";
import type { Context } from "./context.ts";
import { InvalidInputs } from "./errors.ts";
import { checkNameTemplate } from "./names.ts";
import { checkPasswordRules, PasswordRulesFault } from "./passwords.ts";
import { TemplateFault } from "./template.ts";

/** Inputs that decide where a stored secret goes, or to whom. */
const DESTINATION = ["host", "port", "username", "ca", "sslEnabled", "sslRejectUnauthorized"];

/** Names are kept in lower case. @throws InvalidInputs */
export function checkName(name: string): string {
  const lower = name.toLowerCase();
  // GET …/leases/:id and GET …/:name/leases would meet.
  if (lower === "leases")
    throw new InvalidInputs([{ path: ["name"], message: "'leases' cannot be a name; choose another" }]);
  return lower;
}

/** What the engine will draw for this configuration has to be possible, and strong enough. */
export function checkPasswords(config: Config): void {
  try {
    checkPasswordRules(config.target.passwords(config.parsed));
  } catch (error) {
    if (!(error instanceof PasswordRulesFault)) throw error;
    throw new InvalidInputs([{ path: ["provider", "inputs", "passwordRequirements"], message: error.message }]);
  }
}

/** A username template has to fit the names of its target. @throws InvalidInputs */
export function checkTemplate(config: Config, template: string | null | undefined): void {
  if (!template) return;
  try {
    checkNameTemplate(template, config.target.naming(config.parsed));
  } catch (error) {
    if (!(error instanceof TemplateFault)) throw error;
    throw new InvalidInputs([{ path: ["usernameTemplate"], message: error.message }]);
  }
}

/**
 * Stored inputs with a change over them. Whoever changes any must be allowed to read all that they refer to: else another
 * host could be given what is not theirs. @throws InvalidInputs also when a stored secret would go to another place
 */
export async function merged(
  context: Context,
  type: string,
  stored: Config,
  inputs: Record<string, unknown>,
  saver: { projectId: string; mayRead: MayRead },
): Promise<Config> {
  const config = await draftConfig(context, type, { ...stored.inputs, ...inputs }, saver);
  const moved = DESTINATION.filter(
    (field) => field in inputs && JSON.stringify(inputs[field]) !== JSON.stringify(stored.inputs[field]),
  );
  const kept = secretFields(config.target).filter((field) => !(field in inputs) && stored.inputs[field]);
  if (moved.length > 0 && kept.length > 0) {
    throw new InvalidInputs(
      kept.map((field) => ({
        path: ["data", "inputs", field],
        message: `give it again: ${moved.join(", ")} changed, and a stored secret is not sent to a place it was not given for`,
      })),
    );
  }
  return config;
}

/** Paths of what was given, never values. */
export function changedFields(change: Change): string[] {
  const inputs = Object.keys(change.inputs ?? {}).map((field) => `inputs.${field}`);
  return [...Object.keys(change).filter((field) => field !== "inputs"), ...inputs].sort();
}
