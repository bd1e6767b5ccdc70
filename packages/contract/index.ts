/** The wire: every route with its permission and audit event, its errors, and a client that speaks it. */
export * from "./client.ts";
export * from "./errors.ts";
export { type EventKind, eventData, eventKinds } from "./events.ts";
export { MOST_COUNTED } from "./lease-lists.ts";
export * from "./openapi.ts";
export * from "./paths.ts";
export { type Conditions, grantable, type PermissionRule, type TextCondition } from "./permissions.ts";
export { type LeftBehind, leftBehindOf } from "./removal.ts";
export * from "./route.ts";
export * from "./routes.ts";
export { hiddenValue } from "./secrets.ts";
export * from "./ttl.ts";
export * from "./where.ts";
