export * from "./errors.ts";
export * from "./paths.ts";
export * from "./route.ts";
export * from "./ttl.ts";
