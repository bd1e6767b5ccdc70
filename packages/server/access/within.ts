/**
 * Whether rules allow no more than other rules do, so that nobody can grant what they do not have.
 *
 * Owns a comparison that is sound and simple rather than complete: each rule must lie within one rule of the other's, field
 * by field, and what cannot be told counts as more. So some grants are refused that would be harmless; none is let through
 * that is not. Patterns are never compared beyond their plain beginning.
 */
import type { Conditions, TextCondition } from "@dayfly/contract";
import { meets, type Rule } from "./rules.ts";

/** An act that goes too far. */
export interface Excess {
  subject: string;
  action: string;
}

/** What of `granted` is, or may be, more than `held`; empty when nothing is. */
export function excessOf(granted: readonly Rule[], held: readonly Rule[]): Excess[] {
  return granted
    .filter(({ forbids }) => !forbids)
    .flatMap((rule) =>
      rule.actions
        .filter((action) => !isWithin(rule, action, granted, held))
        .map((action) => ({ subject: rule.subject, action })),
    );
}

function isWithin(rule: Rule, action: string, granted: readonly Rule[], held: readonly Rule[]): boolean {
  const about = (rules: readonly Rule[], forbids: boolean) =>
    rules.filter(
      (other) => other.forbids === forbids && other.subject === rule.subject && other.actions.includes(action),
    );
  return (
    about(held, false).some((wider) => lies(rule, wider) && rule.until <= wider.until) &&
    about(held, true).every(
      (denied) =>
        isApart(rule.conditions, denied.conditions) || about(granted, true).some((also) => lies(denied, also)),
    )
  );
}

/** Whether whatever the one rule applies to, the other applies to as well; their ends aside. */
function lies(inner: Rule, outer: Rule): boolean {
  if (outer.own && !inner.own) return false;
  const { metadata, ...texts } = outer.conditions;
  return (
    Object.entries(texts).every(([field, wider]) => isNarrower(textOf(inner.conditions, field), wider)) &&
    (metadata === undefined ||
      Object.entries(metadata.$elemMatch).every(([field, wider]) =>
        isNarrower(inner.conditions.metadata?.$elemMatch[field as "key" | "value"], wider),
      ))
  );
}

/** Whether nothing meets both. Of metadata that cannot be told: a thing may have both entries. */
function isApart(a: Conditions, b: Conditions): boolean {
  return textFields.some((field) => {
    const [one, other] = [a[field], b[field]];
    if (one === undefined || other === undefined) return false;
    const values = valuesOf(one) ?? valuesOf(other);
    if (values !== undefined) return !values.some((text) => meets(one, text) && meets(other, text));
    if (one.$glob === undefined || other.$glob === undefined) return false;
    const [first, second] = [plainStart(one.$glob), plainStart(other.$glob)];
    return !first.startsWith(second) && !second.startsWith(first);
  });
}

const textFields = ["environment", "secretPath", "secretName"] as const;

function textOf(conditions: Conditions, field: string): TextCondition | undefined {
  return conditions[field as (typeof textFields)[number]];
}

function isNarrower(inner: TextCondition | undefined, outer: TextCondition): boolean {
  if (inner === undefined) return false;
  const values = valuesOf(inner);
  if (values !== undefined) return values.every((text) => meets(outer, text));
  // Only $ne and $glob are left to go by.
  const { $eq, $in, $ne, $glob } = outer;
  return (
    $eq === undefined &&
    $in === undefined &&
    ($ne === undefined || $ne === inner.$ne || (inner.$glob !== undefined && !meets({ $glob: inner.$glob }, $ne))) &&
    ($glob === undefined || (inner.$glob !== undefined && isNarrowerGlob(inner.$glob, $glob)))
  );
}

/** The only texts that can meet a condition, where it names them. */
function valuesOf(condition: TextCondition): string[] | undefined {
  const named = condition.$eq !== undefined ? [condition.$eq] : condition.$in;
  return named?.filter((text) => meets(condition, text));
}

function isNarrowerGlob(inner: string, outer: string): boolean {
  if (inner === outer) return true;
  if (!outer.endsWith("/**")) return false;
  const start = outer.slice(0, -"/**".length);
  return plainStart(start) === start && (inner === start || inner.startsWith(`${start}/`));
}

/** What every text that matches begins with. */
function plainStart(glob: string): string {
  const mark = glob.search(/[*?]/);
  const start = mark < 0 ? glob : glob.slice(0, mark);
  // "/a/**" is "/a" too.
  return mark >= 0 && start.endsWith("/") && glob.startsWith("**", mark) ? start.slice(0, -1) : start;
}
