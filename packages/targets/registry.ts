import type { AnyTarget } from "./define.ts";
import sqlDatabase from "./sql-database/index.ts";

/** Every target, by its name on the wire. */
export const targets: Record<string, AnyTarget> = {
  "sql-database": sqlDatabase,
};
