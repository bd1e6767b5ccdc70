export * from "./define.ts";
export { type Described, describe, type Field, secretFields } from "./describe.ts";
export { optional, secret } from "./fields.ts";
export { targets } from "./registry.ts";
export { readStatement, type SqlTemplate, StatementFault, statement } from "./statement.ts";
