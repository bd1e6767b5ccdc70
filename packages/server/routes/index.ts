/** Every route of the contract with its handler. A route without one does not compile. */
import { type RouteName, routes } from "@dayfly/contract";
import type { Mounted } from "../app.ts";
import type { Handlers } from "../handler.ts";
import * as audit from "./audit.ts";
import * as auth from "./auth.ts";
import * as dynamicSecrets from "./dynamic-secrets.ts";
import * as environments from "./environments.ts";
import * as events from "./events.ts";
import * as folders from "./folders.ts";
import * as freezes from "./freezes.ts";
import * as health from "./health.ts";
import * as identities from "./identities.ts";
import * as identityMemberships from "./identity-memberships.ts";
import * as leaseLists from "./lease-lists.ts";
import * as leases from "./leases.ts";
import * as openapi from "./openapi.ts";
import * as organizations from "./organizations.ts";
import * as projects from "./projects.ts";
import * as roles from "./roles.ts";
import * as secretImports from "./secret-imports.ts";
import * as secrets from "./secrets.ts";
import * as sessions from "./sessions.ts";
import * as tags from "./tags.ts";
import * as targets from "./targets.ts";
import * as universalAuth from "./universal-auth.ts";
import * as userMemberships from "./user-memberships.ts";
import * as users from "./users.ts";

const { addEnvironment: _, ...projectHandlers } = projects;

const handlers: Handlers = {
  ...audit,
  ...auth,
  ...sessions,
  ...users,
  ...organizations,
  ...projectHandlers,
  ...environments,
  ...folders,
  ...tags,
  ...secrets,
  ...secretImports,
  ...identities,
  ...universalAuth,
  ...roles,
  ...identityMemberships,
  ...userMemberships,
  ...dynamicSecrets,
  ...leases,
  ...leaseLists,
  ...freezes,
  ...targets,
  ...events,
  ...health,
  ...openapi,
};

/** What the application mounts. */
export const mounted: Mounted[] = Object.entries(routes).map(([name, route]) => ({
  route,
  // Each handler has the type of its own route above; here they are all called with what their route has parsed.
  handler: handlers[name as RouteName] as unknown as Mounted["handler"],
}));
