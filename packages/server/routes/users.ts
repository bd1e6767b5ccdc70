/**
 * People of the organization. Owns what goes with a person: to disable or delete one ends sessions, links and leases, and
 * somebody who can sign in as an admin always stays.
 */
import { memberships, type Tx, userLinks, userSessions, users } from "@dayfly/store";
import { organizationExcess, refuseExcess } from "../access/ability.ts";
import { badToken } from "../access/authenticate.ts";
import { provenBy } from "../access/guesses.ts";
import { hashPassword } from "../access/passwords.ts";
import { person } from "../access/person.ts";
import { digestOf, makeToken } from "../access/tokens.ts";
import type { Ask, Handlers, House } from "../handler.ts";
import { Refusal } from "../refusal.ts";

const LINK_DAYS = 7;

export const getMe: Handlers["getMe"] = async (ask, { store }) => ({
  user: shown(await users.find(store, person(ask).userId)),
});

export const changePassword: Handlers["changePassword"] = async (ask, { store }) => {
  const { userId, sessionId } = person(ask);
  const { currentPassword, newPassword } = ask.input.body;
  const { email } = await users.find(store, userId);
  const proven = await provenBy(store, email, currentPassword, ask.caller.ip);
  if (proven?.id !== userId) throw new Refusal("BadRequest", "The current password is not right");
  refuseEasy(newPassword, proven.email);
  const passwordHash = await hashPassword(newPassword);
  return ask.write(async (tx) => {
    await users.setPassword(tx, userId, passwordHash);
    await userLinks.withdraw(tx, userId);
    ask.note({ count: await userSessions.endAll(tx, userId, sessionId) });
    return { message: "The password is changed, and your other sessions are ended" };
  });
};

export const acceptLink: Handlers["acceptLink"] = async (ask, { store }) => {
  const { token, password } = ask.input.body;
  const digest = digestOf(token);
  const userId = await userLinks.holder(store, digest);
  // Before any hash is made: strangers do not get the server to work.
  if (userId === undefined) throw badLink();
  const { email } = await users.find(store, userId);
  refuseEasy(password, email);
  const passwordHash = await hashPassword(password);
  return ask.write(async (tx) => {
    if (!(await userLinks.use(tx, digest))) throw badLink();
    await users.setPassword(tx, userId, passwordHash);
    ask.note({ subjectId: userId, count: await userSessions.endAll(tx, userId) });
    const user = await users.find(tx, userId);
    ask.caller.actor = { type: "user", id: user.id, name: user.email };
    return { user: shown(user) };
  });
};

export const listUsers: Handlers["listUsers"] = async ({ note }, { store }) => {
  const all = await users.list(store);
  note({ count: all.length });
  return { users: all.map(shown) };
};

export const inviteUser: Handlers["inviteUser"] = async ({ input, orgRole, write, note }) => {
  const { email, role, name = email } = input.body;
  note({ roles: [role] });
  refuseExcess(organizationExcess(role, orgRole));
  return write(async (tx) => {
    const user = await users.create(tx, { email, name, passwordHash: null, orgRole: role });
    note({ subjectId: user.id, name: user.email });
    return { user: shown(user), link: await linkFor(tx, user) };
  });
};

export const getUser: Handlers["getUser"] = async ({ input, note }, { store }) => {
  note({ subjectId: input.params.userId });
  return { user: shown(await users.find(store, input.params.userId)) };
};

export const updateUser: Handlers["updateUser"] = async (ask, house) => {
  const { userId } = ask.input.params;
  const { name, role, isActive } = ask.input.body;
  ask.note({ subjectId: userId, fields: Object.keys(ask.input.body), ...(role && { roles: [role] }) });
  if (role !== undefined) refuseExcess(organizationExcess(role, ask.orgRole));
  return ask.write(async (tx) => {
    if (isActive === false || (role !== undefined && role !== "admin")) await keepAnAdmin(tx, userId);
    const disabled = isActive === undefined ? undefined : !isActive;
    const user = await users.update(tx, userId, { name, orgRole: role, disabled });
    if (disabled !== undefined) await memberships.suspend(tx, { type: "user", id: userId }, disabled);
    if (disabled) await endAllOf(tx, ask, house, userId);
    return { user: shown(user) };
  });
};

export const deleteUser: Handlers["deleteUser"] = async (ask, house) => {
  const { userId } = ask.input.params;
  ask.note({ subjectId: userId });
  return ask.write(async (tx) => {
    await keepAnAdmin(tx, userId);
    await memberships.removeAll(tx, { type: "user", id: userId });
    await endAllOf(tx, ask, house, userId);
    return { user: shown(await users.remove(tx, userId)) };
  });
};

export const createUserLink: Handlers["createUserLink"] = async ({ input, write, note }, { store }) => {
  const user = await users.find(store, input.params.userId);
  note({ subjectId: user.id });
  if (user.disabled_at !== null) throw new Refusal("BadRequest", "This person is disabled: enable them first");
  return write(async (tx) => ({ user: shown(user), link: await linkFor(tx, user) }));
};

export const endUserSessions: Handlers["endUserSessions"] = async ({ input, write, note }) => {
  const { userId } = input.params;
  note({ subjectId: userId });
  return write(async (tx) => {
    await users.find(tx, userId);
    const count = await userSessions.endAll(tx, userId);
    note({ count });
    return { count };
  });
};

async function keepAnAdmin(tx: Tx, userId: string): Promise<void> {
  const user = await users.find(tx, userId);
  if (user.org_role !== "admin" || (await users.isOtherAdmin(tx, userId))) return;
  throw new Refusal("BadRequest", "This is the last admin who can sign in: make somebody else an admin first");
}

async function endAllOf(tx: Tx, ask: Pick<Ask, "caller" | "note">, { engine }: House, userId: string): Promise<void> {
  await userSessions.endAll(tx, userId);
  await userLinks.withdraw(tx, userId);
  ask.note({ count: await engine.endLeasesOf(tx, ask.caller, { type: "user", id: userId }) });
}

async function linkFor(tx: Tx, user: users.User) {
  const { token, digest } = makeToken();
  return { token, expiresAt: await userLinks.create(tx, { userId: user.id, digest, days: LINK_DAYS }) };
}

function badLink(): Refusal {
  const { error } = badToken();
  return new Refusal(error, "The link is unknown, used or too old: ask for a new one");
}

function refuseEasy(password: string, email: string): void {
  const [name = email] = email.split("@");
  const typed = password.toLowerCase();
  if (typed.includes(email) || (name.length >= 4 && typed.includes(name))) {
    throw new Refusal("BadRequest", "The password must not hold your e-mail address or its name");
  }
}

function shown(user: users.User) {
  return {
    id: user.id,
    email: user.email,
    name: user.name,
    role: user.org_role,
    isActive: user.disabled_at === null,
    isInvited: user.password_hash === null,
    createdAt: user.created_at,
    updatedAt: user.updated_at,
  };
}
