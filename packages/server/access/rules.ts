/**
 * From rules to yes or no. Owns what a rule means: one that forbids wins over all that allow, whatever their order, and
 * what is not allowed is refused.
 *
 * A question may be asked before everything about the thing is known. Then a condition on what is not known is neither met
 * nor missed, and the answer may be that it depends: a thing that is asked for outright is refused, a list is opened and
 * cut down. It knows no role, no request and no store.
 */
import type { Conditions, PermissionRule, TextCondition } from "@dayfly/contract";
import { globMatches } from "./glob.ts";

/** What is known of the thing that is asked about; a field that is absent is not known. */
export interface Spot {
  environment?: string;
  path?: string;
  name?: string;
  metadata?: { key: string; value: string }[];
  /** Who holds the lease. */
  owner?: string;
}

/** A rule made ready: `lease` and its kin are taken apart into single acts, so that rules compare one by one. */
export interface Rule {
  subject: string;
  actions: readonly string[];
  forbids: boolean;
  /** It is about leases of the asker's own only. */
  own: boolean;
  conditions: Conditions;
  /** When it ends, in milliseconds of the epoch; Infinity for one that stays. Who asks gives none that has ended. */
  until: number;
}

/** Undefined: it depends on what is not known. */
export type Truth = boolean | undefined;

const leasing = ["lease-create", "lease-read", "lease-renew", "lease-revoke"];

/** The single acts behind what is asked for. */
function actsOf(action: string): readonly string[] {
  return action === "lease" ? leasing : [action];
}

/** Makes a rule of the wire ready. */
export function readied(written: PermissionRule, until = Infinity): Rule[] {
  const { subject, action, conditions = {}, inverted: forbids = false } = written;
  const own = action.filter((name) => name.endsWith("-own")).map((name) => name.slice(0, -"-own".length));
  const any = action.filter((name) => !name.endsWith("-own")).flatMap((name) => actsOf(name.replace(/-any$/, "")));
  const rule = (actions: readonly string[], own: boolean) => ({ subject, actions, forbids, own, conditions, until });
  return [rule(any, false), rule(own, true)].filter(({ actions }) => actions.length > 0);
}

/** Whether rules allow `me` to do this with that: yes, no, or it depends. */
export function decide(rules: readonly Rule[], action: string, subject: string, spot: Spot, me: string): Truth {
  return allOf(
    actsOf(action).map((act) => {
      const about = rules.filter((rule) => rule.subject === subject && rule.actions.includes(act));
      const met = (forbids: boolean) =>
        anyOf(about.filter((rule) => rule.forbids === forbids).map((rule) => applies(rule, spot, me)));
      return allOf([met(false), not(met(true))]);
    }),
  );
}

function applies({ own, conditions }: Rule, spot: Spot, me: string): Truth {
  const { environment, secretPath, secretName, metadata } = conditions;
  return allOf([
    own ? known(spot.owner, (owner) => owner === me) : true,
    environment ? known(spot.environment, (text) => meets(environment, text)) : true,
    secretPath ? known(spot.path, (text) => meets(secretPath, text)) : true,
    secretName ? known(spot.name, (text) => meets(secretName, text)) : true,
    metadata ? known(spot.metadata, (entries) => entries.some((entry) => isSo(metadata.$elemMatch, entry))) : true,
  ]);
}

/** Whether a text is as a condition says. */
export function meets({ $eq, $ne, $in, $glob }: TextCondition, text: string): boolean {
  return (
    ($eq === undefined || text === $eq) &&
    ($ne === undefined || text !== $ne) &&
    ($in === undefined || $in.includes(text)) &&
    ($glob === undefined || globMatches($glob, text))
  );
}

function isSo(wanted: { key?: TextCondition; value?: TextCondition }, entry: { key: string; value: string }): boolean {
  return (!wanted.key || meets(wanted.key, entry.key)) && (!wanted.value || meets(wanted.value, entry.value));
}

function known<T>(value: T | undefined, test: (value: T) => boolean): Truth {
  return value === undefined ? undefined : test(value);
}

function not(truth: Truth): Truth {
  return truth === undefined ? undefined : !truth;
}

function allOf(truths: Truth[]): Truth {
  if (truths.includes(false)) return false;
  return truths.includes(undefined) ? undefined : true;
}

function anyOf(truths: Truth[]): Truth {
  return not(allOf(truths.map(not)));
}
