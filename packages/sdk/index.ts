/** The Node SDK: `new Dayfly({ host, clientId, clientSecret })`, or with a `token`. */
export { type LeftBehind, readTtl, type WhereGiven } from "@dayfly/contract";
export { Dayfly, type DayflyOptions } from "./dayfly.ts";
export type { DynamicSecret } from "./dynamic-secrets.ts";
export * from "./errors.ts";
export { type Fetch, httpFetch } from "./http.ts";
export { type IssuedAnswer, Lease, type LeaseCredentials } from "./lease.ts";
export type { LeaseState, ListedLease } from "./leases.ts";
export type { Project } from "./projects.ts";
export type { Patience } from "./retry.ts";
export type { Secret } from "./secrets.ts";
export type { Credentials } from "./sign-in.ts";
export type { CallReport } from "./wire.ts";
