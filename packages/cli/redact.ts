/** A last net under every line for people: values known to be secret are struck out of it. */

/** Collects secrets as they come in, and hides them. */
export interface Redactor {
  add(secret: string): void;
  hide(text: string): string;
}

/** Shorter values would strike out half of a sentence, and guard nothing. */
const SHORTEST = 6;

/** Starts with the secrets that are known so far. */
export function createRedactor(known: (string | undefined)[]): Redactor {
  const secrets = new Set<string>();
  const add = (secret: string) => {
    if (secret.length >= SHORTEST) secrets.add(secret);
  };
  for (const secret of known) if (secret !== undefined) add(secret);
  return {
    add,
    // The longest first, or a secret that holds another one would leave its rest behind.
    hide: (text) =>
      [...secrets].sort((a, b) => b.length - a.length).reduce((out, s) => out.replaceAll(s, "[hidden]"), text),
  };
}
