/**
 * The rules of a role, as the wire writes them: what may be done with what, and on which conditions.
 *
 * Owns which rules can be said at all. What nobody would heed (an unknown subject, action, operator or field) is refused and
 * never kept, since whoever wrote it relies on it. What a rule comes to is decided in the server.
 */
import { z } from "zod";
import { slug, text } from "./fields.ts";
import { path, pathExample } from "./paths.ts";
import type { Action, DynamicSecretAction, ProjectSubject } from "./route.ts";

/** Everything a rule can be about, with what can be done there. `lease` is all of the leasing that stands behind it. */
export const grantable: Record<ProjectSubject | "dynamic-secrets", readonly string[]> = (() => {
  const all: Action[] = ["read", "create", "edit", "delete"];
  return {
    secrets: all,
    "secret-imports": all,
    "secret-folders": all,
    environments: all,
    tags: all,
    member: all,
    identity: all,
    role: all,
    settings: all,
    workspace: all,
    "audit-logs": ["read"],
    "dynamic-secrets": [
      "read-root-credential",
      "create-root-credential",
      "edit-root-credential",
      "delete-root-credential",
      "lease",
      "lease-create",
      "lease-read-own",
      "lease-read-any",
      "lease-renew-own",
      "lease-renew-any",
      "lease-revoke-own",
      "lease-revoke-any",
    ] satisfies (DynamicSecretAction | `${DynamicSecretAction}-${"own" | "any"}`)[],
  };
})();

/** The fields that rules about a subject may look at; about any other subject they look at nothing. */
const fields: Record<string, readonly string[]> = {
  secrets: ["environment", "secretPath", "secretName", "metadata"],
  "secret-imports": ["environment", "secretPath"],
  "secret-folders": ["environment", "secretPath"],
  "dynamic-secrets": ["environment", "secretPath", "secretName", "metadata"],
};

/** What a text must be; where several are given, all hold. */
export interface TextCondition {
  $eq?: string;
  $ne?: string;
  $in?: string[];
  $glob?: string;
}

/** What a thing must be for a rule to apply to it; a field that is not named may be anything. */
export interface Conditions {
  environment?: TextCondition;
  secretPath?: TextCondition;
  secretName?: TextCondition;
  /** One entry of its metadata is so. */
  metadata?: { $elemMatch: { key?: TextCondition; value?: TextCondition } };
}

/** One rule of a role. One that is inverted forbids, and wins over every rule that allows. */
export interface PermissionRule {
  subject: string;
  action: string[];
  conditions?: Conditions;
  inverted?: boolean;
}

const LONGEST_GLOB = 256;
const MOST_VALUES = 100;
const MOST_RULES = 100;

const globExample =
  'must be like "/database/**": "*" and "?" stand within a segment, "**" only for whole segments, other marks for nothing';
const isPart = (part: string) => part === "**" || !(part.includes("**") || /[[\]{}()!+@|\\\p{Cc}]/u.test(part));

const glob = text(LONGEST_GLOB)
  .min(1, globExample)
  .refine((given) => given.split("/").every(isPart), globExample);
const pathGlob = glob
  .transform((given) => given.replace(/([^/])\/$/, "$1"))
  .refine((given) => given === "/" || given.split("/").every(isPathPart), globExample)
  .meta({ description: globExample });

// As narrow as paths themselves: dots and percent signs are in no path, so a pattern has none either.
function isPathPart(part: string, at: number): boolean {
  return at === 0 ? part === "" : part === "**" || /^[A-Za-z0-9_*?-]{1,64}$/.test(part);
}

function closed<S extends z.ZodRawShape>(shape: S, known: string) {
  return z.strictObject(shape, {
    error: ({ code }) => (code === "unrecognized_keys" ? `must have no other fields than ${known}` : undefined),
  });
}

/** A text, or operators over it. */
function condition(
  operand: z.ZodType<string, string>,
  pattern: z.ZodType<string, string>,
): z.ZodType<TextCondition, string | TextCondition> {
  const operators = closed(
    {
      $eq: operand.optional(),
      $ne: operand.optional(),
      $in: z.array(operand).min(1).max(MOST_VALUES, `must be at most ${MOST_VALUES} values`).optional(),
      $glob: pattern.optional(),
    },
    "$eq, $ne, $in and $glob",
  ).refine((given) => Object.keys(given).length > 0, "must have one of $eq, $ne, $in and $glob");
  return z.preprocess(
    (given) => (typeof given === "string" ? { $eq: given } : given),
    operators,
  ) as z.ZodType as ReturnType<typeof condition>;
}

const ofText = condition(text(1020), glob);
const conditions: z.ZodType<Conditions, Conditions> = closed(
  {
    environment: condition(slug, glob).optional(),
    secretPath: condition(path, pathGlob).optional().meta({ description: pathExample }),
    secretName: ofText.optional(),
    metadata: closed(
      {
        $elemMatch: closed({ key: ofText.optional(), value: ofText.optional() }, "key and value").refine(
          (given) => Object.keys(given).length > 0,
          "must have key, value, or both",
        ),
      },
      "$elemMatch",
    ).optional(),
  },
  "environment, secretPath, secretName and metadata",
) as z.ZodType as z.ZodType<Conditions, Conditions>;

const rule = closed(
  {
    subject: z.enum(Object.keys(grantable), `must be one of ${Object.keys(grantable).join(", ")}`),
    action: z.union([z.string(), z.array(z.string()).min(1, "must name at least one action").max(32)], {
      error: "must be an action or a list of them",
    }),
    conditions: conditions.nullish(),
    inverted: z.boolean("must be true or false").nullish(),
  },
  "subject, action, conditions and inverted",
).transform((given, context): PermissionRule => {
  const { subject } = given;
  const action = [...new Set([given.action].flat())];
  const known = grantable[subject as keyof typeof grantable];
  if (!action.every((name) => known.includes(name))) {
    context.addIssue({ code: "custom", path: ["action"], message: `must be of ${known.join(", ")}` });
  }
  const seen = Object.keys(given.conditions ?? {});
  const allowed = fields[subject] ?? [];
  if (!seen.every((field) => allowed.includes(field))) {
    const message = allowed.length > 0 ? `may look at ${allowed.join(", ")} here` : `cannot be set on ${subject}`;
    context.addIssue({ code: "custom", path: ["conditions"], message });
  }
  // Names of dynamic secrets have one case, and a rule that misses it would be heeded by nobody.
  const { secretName } = given.conditions ?? {};
  const lowered = subject === "dynamic-secrets" && secretName && { secretName: lowerCased(secretName) };
  return {
    subject,
    action,
    ...(seen.length > 0 && { conditions: { ...given.conditions, ...lowered } }),
    ...(given.inverted && { inverted: true }),
  };
});

function lowerCased(condition: TextCondition): TextCondition {
  return Object.fromEntries(
    Object.entries(condition).map(([operator, given]: [string, string | string[]]) => [
      operator,
      typeof given === "string" ? given.toLowerCase() : given.map((one) => one.toLowerCase()),
    ]),
  );
}

/** The rules of a role. */
export const permissionRules = z.array(rule).max(MOST_RULES, `must be at most ${MOST_RULES} rules`);

/** The same in a reply. */
export const permissionReply = z.array(
  z.object({
    subject: z.string(),
    action: z.array(z.string()),
    conditions: z.record(z.string(), z.unknown()).optional(),
    inverted: z.boolean().optional(),
  }),
);
