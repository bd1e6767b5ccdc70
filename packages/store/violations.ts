/** Turns the database's own refusals of a row into the store's errors, so that no check races with the write it guards. */
import { Duplicate, NotFound } from "./errors.ts";

const UNIQUE_VIOLATION = "23505";
const FOREIGN_KEY_VIOLATION = "23503";

/** What to say of each. */
export interface Refusals {
  /** A unique name is taken. */
  duplicate?: string;
  /** What the new row was to hang on went away meanwhile: kind and name. */
  gone?: [what: string, name: string];
}

/** Runs a write, and says in words why the database would not have it. */
export async function refusing<T>(write: Promise<T>, say: Refusals): Promise<T> {
  try {
    return await write;
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (code === UNIQUE_VIOLATION && say.duplicate !== undefined) throw new Duplicate(say.duplicate, { cause: error });
    if (code === FOREIGN_KEY_VIOLATION && say.gone !== undefined) throw new NotFound(...say.gone);
    throw error;
  }
}
