/** Turns the database's own refusals of a row into the store's errors, so that no check races with the write it guards. */
import { Duplicate, InUse } from "./errors.ts";

const UNIQUE_VIOLATION = "23505";
const FOREIGN_KEY_VIOLATION = "23503";

/** Runs a write; says `duplicate` where a unique name is taken and `inUse` where something still hangs on the row. */
export async function refusing<T>(write: Promise<T>, say: { duplicate?: string; inUse?: string }): Promise<T> {
  try {
    return await write;
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (code === UNIQUE_VIOLATION && say.duplicate !== undefined) throw new Duplicate(say.duplicate, { cause: error });
    if (code === FOREIGN_KEY_VIOLATION && say.inUse !== undefined) throw new InUse(say.inUse, { cause: error });
    throw error;
  }
}
