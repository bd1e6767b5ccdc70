/**
 * What a draft would run, shown for an account that nobody has. Nothing is asked of a target, and the admin's own secrets
 * are in no statement.
 */
import { randomBytes } from "node:crypto";
import { type AnyTarget, sampleStatements } from "@dayfly/targets";
import type { Draft } from "./api.ts";
import { targetOf } from "./configs.ts";
import { checked, type Saver } from "./configure.ts";
import type { Context } from "./context.ts";
import { InvalidInputs } from "./errors.ts";
import { buildName } from "./names.ts";
import type { Finding, Preview } from "./trial.ts";

/** Plain to see, and refused by no rule of quoting. */
const PASSWORD = "sample-password-of-nobody";
const USERNAME = "sample_user";

/** Shows it, and what would be refused or deserves a look. @throws InvalidInputs for a type that is not known */
export async function preview(context: Context, draft: Draft, saver: Saver): Promise<Preview> {
  const target = targetOf(context, draft.type);
  const found = target.config.safeParse(draft.inputs);
  const findings: Finding[] = found.success
    ? await findingsOf(context, draft, saver)
    : found.error.issues.map(({ path, message }: { path: (string | number)[]; message: string }) => ({
        severity: "error",
        path: ["provider", "inputs", ...path],
        message,
      }));
  const broken = findings.some(({ severity }) => severity === "error");
  const username = broken ? USERNAME : sampleName(target, found.data, draft);
  if (!broken && !target.capabilities(found.data).nativeExpiry) {
    findings.push({
      severity: "warning",
      path: ["provider", "inputs"],
      message:
        "an account does not end by itself, should this server be down: use {{expiration}} where the system has an end of its own",
    });
  }
  const database = typeof draft.inputs.database === "string" ? draft.inputs.database : "";
  const expiration = new Date(Date.now() + draft.defaultTtl.seconds * 1000).toISOString();
  const values = { username, password: PASSWORD, expiration, database };
  return { username, statements: sampleStatements(target, draft.inputs, values), findings };
}

async function findingsOf(context: Context, draft: Draft, saver: Saver): Promise<Finding[]> {
  try {
    await checked(context, draft, saver);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidInputs)) throw error;
    return error.issues.map((issue) => ({ severity: "error", ...issue }));
  }
}

function sampleName(target: AnyTarget, parsed: unknown, draft: Draft): string {
  return buildName({
    template: draft.usernameTemplate ?? null,
    naming: target.naming(parsed),
    identityName: "sample-identity",
    dynamicSecretName: draft.name,
    dynamicSecretType: draft.type,
    unixTimestamp: Math.floor(Date.now() / 1000),
    random: randomBytes,
  });
}
