/**
 * Turns an operator's SQL template into a typed function.
 *
 * Owns how a value is written into SQL: by the context that the lexer found, in one pass, so that no value is ever read as
 * a placeholder, a quote or a replacement pattern. A text with a fault never becomes a function.
 */
import { z } from "zod";
import { TargetError } from "./define.ts";
import { type Placeholder, place, readScript, type Script, StatementFault } from "./lexer.ts";

/** In bytes. */
const LIMIT = 16 * 1024;
/** Unquoted, these mean something else than an account of that name. */
const RESERVED = new Set(["public", "none", "current_user", "current_role", "session_user", "user", "all", "default"]);

/** A template that has been read: call it with its values. */
export interface SqlTemplate<V extends string> {
  (values: Record<V, string>, options?: { verifier?: string }): string;
  script: Script;
  uses(variable: V): boolean;
  /** The same for one statement of it, by its number from 0. */
  only(statement: number): SqlTemplate<V>;
}

/** Which placeholders a statement knows, which it must hold, and what its field says about itself. */
export interface StatementOptions<V extends string> {
  needs: readonly V[];
  meta: { title: string; description?: string; order: number };
  /** Refuses what the system could not run as it stands. */
  lint?: (script: Script) => void;
}

/**
 * A field that holds a statement. Parsing gives the function that fills it in; a fault is an issue with
 * `params: { fault: "statement" }`.
 */
export function statement<const V extends string>(variables: readonly V[], options: StatementOptions<V>) {
  return z
    .string()
    .transform((text, context): SqlTemplate<V> => {
      try {
        return readStatement(text, variables, options);
      } catch (error) {
        if (!(error instanceof StatementFault)) throw error;
        context.addIssue({ code: "custom", message: error.message, params: { fault: "statement" } });
        return z.NEVER;
      }
    })
    .meta({ ...options.meta, kind: "statement", variables: [...variables] });
}

/** Reads a template. @throws StatementFault */
export function readStatement<V extends string>(
  text: string,
  variables: readonly V[],
  options: { needs: readonly V[]; lint?: (script: Script) => void },
): SqlTemplate<V> {
  if (Buffer.byteLength(text) > LIMIT) {
    throw new StatementFault("The statement is longer than 16 KiB", text.slice(0, LIMIT), LIMIT);
  }
  if (/\0/.test(text) || !text.isWellFormed()) {
    throw new StatementFault("The statement holds a NUL or half a character", text, Math.max(0, text.indexOf("\0")));
  }
  const script = readScript(text);
  const known = new Set<string>(variables);
  const used = new Set<string>();
  for (const piece of script.pieces) {
    if (typeof piece === "string") continue;
    if (!known.has(piece.name)) {
      const shown = piece.name.length > 40 ? `${piece.name.slice(0, 40)}…` : piece.name;
      const names = variables.map((name) => `{{${name}}}`).join(", ");
      throw new StatementFault(`Unknown placeholder {{${shown}}}; known are ${names}`, text, piece.at);
    }
    used.add(piece.name);
  }
  if (script.statements.length === 0) throw new StatementFault("The statement is empty", text, 0);
  const missing = options.needs.find((name) => !used.has(name));
  if (missing) throw new StatementFault(`The statement never uses {{${missing}}}`, text, 0);
  options.lint?.(script);
  return template(script, used);
}

function template<V extends string>(script: Script, used: ReadonlySet<string>): SqlTemplate<V> {
  const fill = (values: Record<V, string>, { verifier }: { verifier?: string } = {}) =>
    script.pieces
      .map((piece) => {
        if (typeof piece === "string") return piece;
        const ready = verifier !== undefined && piece.name === "password" && piece.alone === "PASSWORD";
        return write(script, piece, ready ? verifier : values[piece.name as V]);
      })
      .join("");
  return Object.assign(fill, {
    script,
    uses: (variable: V) => used.has(variable),
    only(index: number): SqlTemplate<V> {
      const { start, end } = script.statements[index]!;
      return template(readScript(script.text.slice(start, end)), used);
    },
  });
}

/** A value as its context wants it. The messages hold the placeholder's name, never the value. */
function write(script: Script, { name, context, at }: Placeholder, value: string): string {
  const fault = (sentence: string) =>
    new TargetError("refused", `{{${name}}} at ${place(script.text, at)} ${sentence}`);
  if (value.includes("\0") || !value.isWellFormed()) throw fault("got a value that holds a NUL or half a character");
  switch (context) {
    case "literal":
      return value.replaceAll("'", () => "''");
    case "escaped literal":
      return value.replace(/['\\]/g, (char) => char + char);
    case "name":
      if (value === "") throw fault("got an empty value");
      return value.replaceAll('"', () => '""');
    case "bare":
      if (!/^[a-z_][a-z0-9_]*$/.test(value) || RESERVED.has(value)) {
        throw fault(`stands outside quotes, where only a plain lower-case word can be written: put it in quotes`);
      }
      return value;
  }
}

export { type Script, StatementFault };
