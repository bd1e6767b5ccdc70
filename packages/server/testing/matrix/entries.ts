/** How every route is asked. A route of the contract without an entry does not compile. */
import type { RouteName } from "@dayfly/contract";
import type { Entry } from "./entry.ts";
import type { Lab } from "./lab.ts";
import { ofContent } from "./of-content.ts";
import { ofLeases } from "./of-leases.ts";
import { ofMachines } from "./of-machines.ts";
import { ofMembers } from "./of-members.ts";
import { ofPeople } from "./of-people.ts";
import { ofProjects } from "./of-projects.ts";

/** The whole of it. */
export function entriesFor(lab: Pick<Lab, "provider" | "server">): Record<RouteName, Entry> {
  return {
    ...ofPeople(lab),
    ...ofProjects,
    ...ofContent,
    ...ofMembers,
    ...ofMachines(lab),
    ...ofLeases(lab),
  };
}
