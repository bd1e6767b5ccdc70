export * from "./define.ts";
export { type Described, describe, type Field, inputsSchema, secretFields } from "./describe.ts";
export { optional, secret } from "./fields.ts";
export { targets } from "./registry.ts";
export { type SampleStatement, sampleStatements } from "./sample.ts";
export { readStatement, type SqlTemplate, StatementFault, statement } from "./statement.ts";
