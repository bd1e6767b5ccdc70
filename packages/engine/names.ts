/**
 * User names of accounts: what a template says, made to fit what a target allows.
 *
 * Owns the shape prefix + readable part + random tail. The tail of at least 12 random characters tells accounts apart, so
 * whatever is too long, it is the readable part that gives way. It does not know whether a name is in use.
 */
import type { Naming } from "@dayfly/targets";
import { drawText, type Random } from "./passwords.ts";
import { literals, parseTemplate, renderTemplate, splitRandomTail, type Template, TemplateFault } from "./template.ts";

/** What a dynamic secret without a template uses. */
export const DEFAULT_TEMPLATE = "{{randomUsername}}";

const USERNAME_LENGTH = 32;
const TAIL_LENGTH = 12;

/** What a name is made of. */
export interface NameParts {
  /** As typed; null for the default. */
  template: string | null;
  naming: Naming;
  identityName: string;
  dynamicSecretName: string;
  dynamicSecretType: string;
  /** Seconds. */
  unixTimestamp: number;
  random: Random;
}

/** Refuses a template that is faulty or holds characters which this target's names cannot have. @throws TemplateFault */
export function checkNameTemplate(template: string, naming: Naming): Template {
  const parsed = parseTemplate(template);
  const allowed = allowedIn(naming);
  for (const { text, position } of literals(parsed)) {
    const wrong = [...text].findIndex((char) => !allowed.has(cased(char, naming)));
    if (wrong < 0) continue;
    const shown = JSON.stringify([...text][wrong]);
    throw new TemplateFault(
      `${shown} cannot stand in a user name here; allowed are ${naming.alphabet}.`,
      position + wrong,
    );
  }
  return parsed;
}

/** Makes a name that obeys `naming` whatever the values hold; no two are alike but by a chance of 1 in 36^12. */
export function buildName(parts: NameParts): string {
  const { naming, random } = parts;
  const allowed = allowedIn(naming);
  const draws = [...LETTERS_AND_DIGITS].filter((char) => allowed.has(char) && cased(char, naming) === char).join("");
  const letters = draws.replace(/[0-9]/g, "");
  const room = naming.maxLength - naming.prefix.length;
  const draw = (length: number): string => drawText(draws, length, random);
  const drawWord = (length: number): string => drawText(letters, 1, random) + draw(length - 1);

  const usernameLength = Math.min(USERNAME_LENGTH, room);
  const template = parseTemplate(parts.template || DEFAULT_TEMPLATE);
  const values = {
    randomUsername: drawWord(usernameLength),
    unixTimestamp: String(Math.floor(parts.unixTimestamp)),
    "identity.name": foldValue(parts.identityName) || "inf_user",
    "dynamicSecret.name": foldValue(parts.dynamicSecretName),
    "dynamicSecret.type": foldValue(parts.dynamicSecretType),
  };
  const split = splitRandomTail(template, usernameLength);
  const own = split.length >= TAIL_LENGTH;
  const render = (part: Template): string => cased(renderTemplate(part, values, draw), naming);

  const joint = ["-", "_"].find((char) => allowed.has(char)) ?? "";
  const head = foldName(render(own ? split.head : template), allowed, joint, naming.prefix);
  const body = head.replace(/[-_]+$/, "");
  const glue = own ? head.slice(body.length) : joint;
  if (body === "") {
    const tail = own ? render(split.tail) : drawWord(TAIL_LENGTH);
    return naming.prefix + startWithLetter(tail, naming).slice(0, room);
  }
  const lettered = startWithLetter(body, naming);
  const tail = (own ? render(split.tail) : draw(TAIL_LENGTH)).slice(0, room);
  const kept = lettered.slice(0, Math.max(0, room - glue.length - tail.length)).replace(/[-_]+$/, "");
  return naming.prefix + (kept === "" ? startWithLetter(tail, naming).slice(0, room) : kept + glue + tail);
}

const LETTERS_AND_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** The characters of a name after its prefix. The alphabet is written by a target's author, never by a user. */
function allowedIn(naming: Naming): ReadonlySet<string> {
  const pattern = new RegExp(`^[${naming.alphabet}]$`);
  return new Set(
    Array.from({ length: 94 }, (_, at) => String.fromCharCode(33 + at)).filter((char) => pattern.test(char)),
  );
}

function cased(text: string, naming: Naming): string {
  if (naming.case === "lower") return text.toLowerCase();
  return naming.case === "upper" ? text.toUpperCase() : text;
}

/** A value as letters, digits, `_` and `-`; of an e-mail address its local part; "" when nothing readable is left. */
function foldValue(value: string): string {
  const folded = value
    .slice(0, 255)
    .split("@")[0]!
    .replace(/[^A-Za-z0-9_-]/gu, "-")
    .slice(0, 63);
  return /[A-Za-z0-9]/.test(folded) ? folded : "";
}

/** The readable part in the target's characters, without the prefix it may have brought and without doubled joints. */
function foldName(text: string, allowed: ReadonlySet<string>, joint: string, prefix: string): string {
  const folded = Array.from(text, (char) => (allowed.has(char) ? char : joint))
    .join("")
    .replace(/-{2,}/g, "-");
  const bare = prefix !== "" && folded.startsWith(prefix) ? folded.slice(prefix.length) : folded;
  return bare.replace(/^[-_]+/, "");
}

/** Systems differ in what may come first; a letter may everywhere. */
function startWithLetter(text: string, naming: Naming): string {
  return naming.prefix !== "" || /^[A-Za-z]/.test(text) ? text : cased("u", naming) + text;
}
