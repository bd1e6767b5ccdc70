/** A target's statements as they would run for a sample account: what an editor shows before anything is saved. */
import { type AnyTarget, TargetError } from "./define.ts";
import { describe, fieldOf } from "./describe.ts";
import type { SqlTemplate } from "./statement.ts";

/** One statement; null where it has a fault, which parsing the config tells. */
export interface SampleStatement {
  field: string;
  title: string;
  text: string | null;
}

/** Every statement that is given, filled in with these values. The password among them has to be nobody's. */
export function sampleStatements(
  target: AnyTarget,
  inputs: Record<string, unknown>,
  values: Record<string, string>,
): SampleStatement[] {
  return describe(target)
    .fields.filter(({ kind }) => kind === "statement")
    .flatMap(({ name, title }) => {
      const read = fieldOf(target, name).safeParse(inputs[name]);
      if (read.success && read.data === undefined) return [];
      return [{ field: name, title, text: read.success ? filled(read.data as SqlTemplate<string>, values) : null }];
    });
}

function filled(template: SqlTemplate<string>, values: Record<string, string>): string | null {
  try {
    return template(values).trim();
  } catch (error) {
    // A value that cannot stand where it is written: said by a verification, with a real account's.
    if (error instanceof TargetError) return null;
    throw error;
  }
}
