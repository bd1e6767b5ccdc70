/** Types of columns that many tables have. */
import type { ColumnType } from "kysely";

/** A time that the database fills in unless it is given. */
export type DefaultTime = ColumnType<Date, Date | string | undefined, Date | string>;
/** A JSON column: parsed when read, text when written. */
export type Json<T> = ColumnType<T, string, string>;
export type DefaultJson<T> = ColumnType<T, string | undefined, string>;
