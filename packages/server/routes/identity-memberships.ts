/** Machine identities in a project. A membership that ends takes the leases along that it was needed for. */
import { identities, memberships, NotFound, type projects } from "@dayfly/store";
import { given, shownGrant } from "../access/grants.ts";
import type { Handlers } from "../handler.ts";

const machine = (id: string): memberships.Actor => ({ type: "identity", id });

export const addIdentityMembership: Handlers["addIdentityMembership"] = async (ask) => {
  const { identityId } = ask.input.params;
  ask.note({ subjectId: identityId });
  return ask.write(async (tx) => {
    await identities.find(tx, identityId);
    const { grants } = await given(tx, ask, ask.input.body.roles);
    const made = await memberships.create(tx, ask.project.id, machine(identityId), grants);
    return { identityMembership: { id: made.id, identityId } };
  });
};

export const listIdentityMemberships: Handlers["listIdentityMemberships"] = async ({ project, note }, { store }) => {
  const found = await memberships.list(store, project.id, "identity");
  note({ count: found.length });
  return { identityMemberships: found.map((one) => shown(one, project)), totalCount: found.length };
};

export const getIdentityMembership: Handlers["getIdentityMembership"] = async ({ input, project }, { store }) => {
  const { identityId } = input.params;
  const [found] = await memberships.list(store, project.id, "identity", { actorId: identityId });
  if (found === undefined) throw new NotFound("membership of", identityId);
  return { identityMembership: shown(found, project) };
};

export const updateIdentityMembership: Handlers["updateIdentityMembership"] = async (ask, { engine }) => {
  const { identityId } = ask.input.params;
  const member = machine(identityId);
  ask.note({ subjectId: identityId });
  return ask.write(async (tx) => {
    const { grants, isNothing } = await given(tx, ask, ask.input.body.roles);
    const { id } = await memberships.update(tx, ask.project.id, member, grants);
    if (isNothing) ask.note({ count: await engine.endLeasesOf(tx, ask.caller, member, ask.project.id) });
    const [changed] = await memberships.list(tx, ask.project.id, "identity", { actorId: identityId });
    return { ...shown(changed!, ask.project), identityMembership: { id, identityId } };
  });
};

export const removeIdentityMembership: Handlers["removeIdentityMembership"] = async (ask, { engine }) => {
  const { identityId } = ask.input.params;
  const member = machine(identityId);
  ask.note({ subjectId: identityId });
  return ask.write(async (tx) => {
    const ended = await memberships.remove(tx, ask.project.id, member);
    ask.note({ count: await engine.endLeasesOf(tx, ask.caller, member, ask.project.id) });
    return { identityMembership: { id: ended.id, identityId } };
  });
};

function shown(member: memberships.Member, { id, name, slug, type }: projects.Project) {
  return {
    id: member.id,
    identityId: member.actor_id,
    roles: member.roles.map((grant) => shownGrant(grant, member.named)),
    identity: {
      id: member.actor_id,
      name: member.name,
      hasDeleteProtection: member.hasDeleteProtection,
      authMethods: member.hasUniversalAuth ? ["universal-auth"] : [],
    },
    project: { id, name, slug, type },
    createdAt: member.created_at,
    updatedAt: member.updated_at,
  };
}
