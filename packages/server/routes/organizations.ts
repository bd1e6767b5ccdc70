/** The organization that callers belong to. */
import { type Db, organizations } from "@dayfly/store";
import type { Handlers } from "../handler.ts";

export const listOrganizations: Handlers["listOrganizations"] = async (_ask, { store }) => ({
  organizations: await all(store),
});

export const listAccessibleOrganizations: Handlers["listAccessibleOrganizations"] = async (_ask, { store }) => ({
  organizations: await all(store),
});

async function all(store: Db): Promise<organizations.Organization[]> {
  const organization = await organizations.only(store);
  return organization === undefined ? [] : [organization];
}
