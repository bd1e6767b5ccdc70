/** Makes a caller of every kind. */

import { endLapsed } from "../../lapses.ts";
import { type Kind, type KindName, kinds } from "./kinds.ts";
import type { Ground, Lab } from "./lab.ts";
import { signedIn } from "./sessions.ts";

/** Somebody who asks. */
export interface Caller {
  name: KindName;
  kind: Kind;
  /** Undefined: asks without one. */
  token: string | undefined;
  id?: string;
  /** A person's. */
  email?: string;
}

const here = { secretPath: { $glob: "/database/**" } };
const there = { secretPath: { $glob: "/other/**" } };
const allOf = (subject: string, conditions = {}) => ({
  subject,
  action: ["read", "create", "edit", "delete"],
  conditions,
});

/** Roles of the project's own: their rules by slug. */
const ownRoles = {
  "one-right": [{ subject: "secrets", action: "read", conditions: here }],
  "all-elsewhere": [
    ...["secrets", "secret-imports", "secret-folders"].map((subject) => allOf(subject, there)),
    {
      subject: "dynamic-secrets",
      action: [
        "read-root-credential",
        "create-root-credential",
        "edit-root-credential",
        "delete-root-credential",
        "lease",
      ],
      conditions: there,
    },
  ],
  denied: [
    { subject: "secrets", action: "read", inverted: true },
    { subject: "dynamic-secrets", action: ["edit-root-credential", "lease-create"], inverted: true },
  ],
};

/** What each kind of machine that is a member is given; people are given the role "member". */
const given: Partial<Record<KindName, unknown[]>> = {
  "no access": [{ role: "no-access" }],
  "a role that has ended": [
    {
      role: "admin",
      isTemporary: true,
      temporaryMode: "relative",
      temporaryRange: "1h",
      temporaryAccessStartTime: new Date(Date.now() - 7_200_000).toISOString(),
    },
  ],
  viewer: [{ role: "viewer" }],
  member: [{ role: "member" }],
  "lease only": [{ role: "lease-only", secrets: [{ environment: "prod", path: "/database", name: "postgres" }] }],
  "project admin": [{ role: "admin" }],
  "one right, here": [{ role: "one-right" }],
  "all rights, elsewhere": [{ role: "all-elsewhere" }],
  "a member who is denied": [{ role: "member" }, { role: "denied" }],
};

/** Everybody, as members of the lab's shop where their kind is one. */
export async function newCallers(lab: Lab): Promise<Caller[]> {
  const all = await Promise.all(
    (Object.keys(kinds) as KindName[]).map(async (name): Promise<Caller> => {
      const kind: Kind = kinds[name];
      if (kind.as === "nobody") return { name, kind, token: undefined };
      if (name === "a made-up token") return { name, kind, token: "A".repeat(43) };
      const isPerson = kind.as === "person" || name === "a session that has ended" || name === "a disabled person";
      const made = isPerson ? await signedIn(lab, kind.org) : await lab.server.newIdentity(kind.org);
      return { name, kind, token: made.token, id: made.id, email: "email" in made ? made.email : undefined };
    }),
  );
  const of = (name: KindName) => all.find((caller) => caller.name === name)!;
  const { sql } = lab.server.running.store;
  const past = new Date(Date.now() - 60_000);
  const tokens = (name: KindName) => sql.updateTable("access_tokens").where("identity_id", "=", of(name).id!);
  await tokens("an expired token").set({ expires_at: past }).execute();
  await tokens("a revoked token").set({ revoked_at: past }).execute();
  const disabled = { disabled_at: past };
  await sql.updateTable("identities").where("id", "=", of("a disabled machine").id!).set(disabled).execute();
  await sql.updateTable("users").where("id", "=", of("a disabled person").id!).set(disabled).execute();
  const { id } = of("a session that has ended");
  await sql.updateTable("user_sessions").where("user_id", "=", id!).set({ expires_at: past }).execute();
  const body = { projectName: "Third", slug: "third" };
  await lab.done("POST", "/api/v2/workspace", body, of("admin of another project").token);
  await join(lab, all, lab.shop);
  return all;
}

/** Makes the callers members of a project. */
export async function join({ done, server }: Lab, callers: Caller[], { projectId }: Ground): Promise<void> {
  for (const [slug, permissions] of Object.entries(ownRoles)) {
    await done("POST", `/api/v1/projects/${projectId}/roles`, { slug, name: slug, permissions });
  }
  await Promise.all(
    callers.map(async ({ name, kind, id, email }) => {
      if (kind.member === undefined) return;
      if (email === undefined) {
        await done("POST", `/api/v2/workspace/${projectId}/identity-memberships/${id}`, { roles: given[name] });
      } else {
        await done("POST", `/api/v1/projects/${projectId}/memberships`, { emails: [email], roleSlugs: ["member"] });
      }
    }),
  );
  // It would be done within a minute, in the middle of something else.
  await endLapsed(server.running.store, server.running.engine);
}
