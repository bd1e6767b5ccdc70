/** People in a project. */
import { type Db, memberships, NotFound, type projects, users } from "@dayfly/store";
import { given, shownGrant } from "../access/grants.ts";
import type { Handlers } from "../handler.ts";

const person = (id: string): memberships.Actor => ({ type: "user", id });

export const addUserMemberships: Handlers["addUserMemberships"] = async (ask) => {
  const { roleSlugs } = ask.input.body;
  return ask.write(async (tx) => {
    const people = await named(tx, ask.input.body);
    const { grants } = await given(
      tx,
      ask,
      roleSlugs.map((role) => ({ role })),
    );
    for (const { id } of people) await memberships.create(tx, ask.project.id, person(id), grants);
    ask.note({ count: people.length, ...(people.length === 1 && { subjectId: people[0]!.id }) });
    return { memberships: await shownOf(tx, ask.project, people) };
  });
};

export const addUserMembershipsV2: Handlers["addUserMembershipsV2"] = addUserMemberships;

export const listUserMemberships: Handlers["listUserMemberships"] = async ({ project, note }, { store }) => {
  const found = await memberships.list(store, project.id, "user");
  note({ count: found.length });
  return { memberships: found.map((one) => shown(one, project)) };
};

export const getUserMembership: Handlers["getUserMembership"] = async ({ input, project }, { store }) => ({
  membership: shown(await one(store, project, input.params.membershipId), project),
});

export const updateUserMembership: Handlers["updateUserMembership"] = async (ask, { engine }) => {
  const { membershipId } = ask.input.params;
  return ask.write(async (tx) => {
    const member = person((await one(tx, ask.project, membershipId)).actor_id);
    ask.note({ subjectId: member.id });
    const { grants, isNothing } = await given(tx, ask, ask.input.body.roles);
    await memberships.update(tx, ask.project.id, member, grants);
    if (isNothing) ask.note({ count: await engine.endLeasesOf(tx, ask.caller, member, ask.project.id) });
    const { roles } = shown(await one(tx, ask.project, membershipId), ask.project);
    return { roles };
  });
};

export const removeUserMemberships: Handlers["removeUserMemberships"] = async (ask, { engine }) =>
  ask.write(async (tx) => {
    const people = await named(tx, ask.input.body);
    const ended = await shownOf(tx, ask.project, people);
    let count = 0;
    for (const { id } of people) {
      await memberships.remove(tx, ask.project.id, person(id));
      count += await engine.endLeasesOf(tx, ask.caller, person(id), ask.project.id);
    }
    ask.note({ count, ...(people.length === 1 && { subjectId: people[0]!.id }) });
    return { memberships: ended };
  });

/** The people that a request names, in one order, so that two requests wait for each other and not in a circle. */
async function named(db: Db, { emails, usernames }: { emails: string[]; usernames: string[] }): Promise<users.User[]> {
  const wanted = [...emails, ...usernames].map((email) => email.toLowerCase());
  const found = await users.byEmails(db, wanted);
  const missing = wanted.find((email) => !found.some((user) => user.email === email));
  if (missing !== undefined) throw new NotFound("user", missing);
  return found.sort((a, b) => (a.id < b.id ? -1 : 1));
}

async function one(db: Db, project: projects.Project, membershipId: string): Promise<memberships.Member> {
  const [found] = await memberships.list(db, project.id, "user", { id: membershipId });
  if (found === undefined) throw new NotFound("membership", membershipId);
  return found;
}

async function shownOf(db: Db, project: projects.Project, people: users.User[]) {
  const members = await memberships.list(db, project.id, "user");
  return members
    .filter((member) => people.some(({ id }) => id === member.actor_id))
    .map((member) => shown(member, project));
}

function shown(member: memberships.Member, { id, name, slug, type }: projects.Project) {
  const email = member.email ?? "";
  return {
    id: member.id,
    userId: member.actor_id,
    projectId: id,
    roles: member.roles.map((grant) => shownGrant(grant, member.named)),
    user: { id: member.actor_id, email, username: email, firstName: member.name },
    project: { id, name, slug, type },
    createdAt: member.created_at,
    updatedAt: member.updated_at,
  };
}
