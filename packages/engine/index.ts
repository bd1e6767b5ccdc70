/** @dayfly/engine: leases in time. */
export { inputsSchema, targets } from "@dayfly/targets";
export type * from "./api.ts";
export { createEngine } from "./engine.ts";
export * from "./errors.ts";
export * from "./references.ts";
export type * from "./trial.ts";
