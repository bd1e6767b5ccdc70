/** The organization: a server holds one. */
import { z } from "zod";
import { route } from "./route.ts";

/** What somebody is in the organization. */
export const orgRole = z.enum(["admin", "member", "no-access"], 'must be "admin", "member" or "no-access"');

const organization = z.object({ id: z.string(), name: z.string(), slug: z.string() });

/** Lists the organizations of the caller: the one there is. */
export const listOrganizations = route({
  method: "GET",
  path: "/api/v1/organization",
  summary: "List organizations",
  permission: { scope: "own" },
  audit: "list-organizations",
  reply: z.object({ organizations: z.array(organization) }),
});

/** The same with the organizations below, of which there are none; the official CLI asks it to sign a person in. */
export const listAccessibleOrganizations = route({
  method: "GET",
  path: "/api/v1/organization/accessible-with-sub-orgs",
  summary: "List organizations and those below them",
  permission: { scope: "own" },
  audit: "list-organizations",
  reply: z.object({
    organizations: z.array(organization.extend({ subOrganizations: z.array(organization).default([]) })),
  }),
});
