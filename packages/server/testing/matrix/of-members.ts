/** Roles of a project, and who is a member of it. */
import type { Entries } from "./entry.ts";
import { type Ground, type Lab, newName, type Thing } from "./lab.ts";

const roles = ({ projectId }: Ground) => `/api/v1/projects/${projectId}/roles`;
const machines = ({ projectId }: Ground) => `/api/v2/workspace/${projectId}/identity-memberships`;
const people = ({ projectId }: Ground) => `/api/v1/projects/${projectId}/memberships`;
const permissions = [{ subject: "secrets", action: "read" }];

async function role({ done }: Lab, ground: Ground): Promise<Thing> {
  const name = newName();
  const body = { slug: name, name: ground.mark, permissions };
  return { id: (await done("POST", roles(ground), body)).role.id, name };
}

async function machine({ done, server }: Lab): Promise<Thing> {
  const name = newName();
  const body = { name, organizationId: server.running.bootstrap!.organizationId, role: "no-access" };
  return { id: (await done("POST", "/api/v1/identities", body)).identity.id, name };
}

async function machineMember(lab: Lab, ground: Ground): Promise<Thing> {
  const made = await machine(lab);
  await lab.done("POST", `${machines(ground)}/${made.id}`, { roles: [{ role: "no-access" }] });
  return made;
}

/** Asked for by the e-mail address; the name is the id. */
async function person({ done }: Lab): Promise<Thing> {
  const email = `${newName()}@dayfly.test`;
  const made = await done("POST", "/api/v1/organization/users", { email, role: "no-access" });
  return { id: email, name: made.user.id };
}

async function personMember(lab: Lab, ground: Ground): Promise<Thing> {
  const made = await person(lab);
  await lab.done("POST", people(ground), { emails: [made.id], roleSlugs: ["no-access"] });
  return made;
}

async function membership(lab: Lab, ground: Ground): Promise<Thing> {
  const email = (await person(lab)).id;
  const made = await lab.done("POST", people(ground), { emails: [email], roleSlugs: ["no-access"] });
  return { id: made.memberships[0].id, name: email };
}

const addition = { make: person, spends: true, isShared: true } as const;
const addedBy = (email: string) => ({ emails: [email], roleSlugs: ["no-access"] });

export const ofMembers = {
  createRole: { ask: (at, { name }) => ({ path: roles(at), body: { slug: name, name, permissions } }) },
  listRoles: { ask: (at) => ({ path: roles(at) }) },
  getRole: { make: role, ask: (at, { id }) => ({ path: `${roles(at)}/${id}` }) },
  getRoleBySlug: { make: role, ask: (at, { name }) => ({ path: `${roles(at)}/slug/${name}` }) },
  updateRole: { make: role, ask: (at, { id }) => ({ path: `${roles(at)}/${id}`, body: { name: "changed" } }) },
  deleteRole: { make: role, spends: true, ask: (at, { id }) => ({ path: `${roles(at)}/${id}` }) },
  addIdentityMembership: {
    make: machine,
    spends: true,
    isShared: true,
    ask: (at, { id }) => ({ path: `${machines(at)}/${id}`, body: { roles: [{ role: "no-access" }] } }),
  },
  listIdentityMemberships: { ask: (at) => ({ path: machines(at) }) },
  getIdentityMembership: { make: machineMember, ask: (at, { id }) => ({ path: `${machines(at)}/${id}` }) },
  updateIdentityMembership: {
    make: machineMember,
    ask: (at, { id }) => ({ path: `${machines(at)}/${id}`, body: { roles: [{ role: "no-access" }] } }),
  },
  removeIdentityMembership: {
    make: machineMember,
    spends: true,
    ask: (at, { id }) => ({ path: `${machines(at)}/${id}` }),
  },
  addUserMemberships: { ...addition, ask: (at, { id }) => ({ path: people(at), body: addedBy(id) }) },
  addUserMembershipsV2: {
    ...addition,
    ask: (at, { id }) => ({ path: `/api/v2/workspace/${at.projectId}/memberships`, body: addedBy(id) }),
  },
  listUserMemberships: { ask: (at) => ({ path: people(at) }) },
  getUserMembership: { make: membership, ask: (at, { id }) => ({ path: `${people(at)}/${id}` }) },
  updateUserMembership: {
    make: membership,
    ask: (at, { id }) => ({ path: `${people(at)}/${id}`, body: { roles: [{ role: "no-access" }] } }),
  },
  removeUserMemberships: {
    make: personMember,
    spends: true,
    // Who is in the organization is no secret of another project: compared is somebody who is in none.
    missing: person,
    ask: (at, { id }) => ({ path: people(at), body: { usernames: [id] } }),
  },
} as const satisfies Entries;
