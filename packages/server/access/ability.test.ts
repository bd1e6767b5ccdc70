import assert from "node:assert/strict";
import { test } from "node:test";
import { mayInOrganization, organizationExcess, projectRights } from "./ability.ts";
import { rulesOf } from "./roles.ts";

const me = "identity:me";
const spot = { environment: "prod", path: "/database", name: "postgres" };
const leaseOnly = projectRights([{ role: "lease-only", secrets: [spot] }], me);
const every = ["read", "create", "edit", "delete"];
const rootActions = [
  "read-root-credential",
  "create-root-credential",
  "edit-root-credential",
  "delete-root-credential",
];
const leasing = ["lease-create", "lease-read", "lease-renew", "lease-revoke"];
const content = ["secrets", "secret-imports", "secret-folders", "environments", "tags"];
const house = ["member", "identity", "role", "settings", "workspace"];

test("an admin holds everything", () => {
  const { may } = projectRights([{ role: "admin" }], me);
  for (const subject of [...content, ...house]) {
    for (const action of every) assert.ok(may(action, subject, spot), `${action} ${subject}`);
  }
  assert.ok(may("read", "audit-logs", spot));
  for (const action of [...rootActions, ...leasing, "lease"])
    assert.ok(may(action, "dynamic-secrets", { ...spot, owner: "identity:x" }));
});

test("a member works with the content, and only sees the house", () => {
  const { may } = projectRights([{ role: "member" }], me);
  for (const action of every) {
    for (const subject of content) assert.ok(may(action, subject, spot));
    for (const subject of house) assert.equal(may(action, subject, spot), action === "read");
    assert.ok(!may(action, "audit-logs", spot));
  }
  for (const action of leasing) assert.ok(may(action, "dynamic-secrets", { ...spot, owner: "identity:x" }));
});

test("a viewer reads and leases nothing", () => {
  const { may, mayWithSome } = projectRights([{ role: "viewer" }], me);
  for (const subject of [...content, ...house]) {
    for (const action of every) assert.equal(may(action, subject, spot), action === "read");
  }
  assert.ok(may("read-root-credential", "dynamic-secrets", spot));
  for (const action of [...rootActions.slice(1), ...leasing, "lease"]) {
    assert.ok(!mayWithSome(action, "dynamic-secrets", {}));
  }
});

test("no-access, no role and a role that does not exist hold nothing", () => {
  for (const grants of [
    [{ role: "no-access" }],
    [],
    [{ role: "root" }],
    [{ role: "constructor" }],
    [{ role: "custom" }],
    [{ role: "lease-only" }],
  ]) {
    const { mayWithSome } = projectRights(grants, me);
    for (const subject of [...content, ...house, "dynamic-secrets", "all"]) {
      for (const action of [...every, ...rootActions, ...leasing, "lease", "manage"]) {
        assert.ok(!mayWithSome(action, subject, {}));
      }
    }
  }
});

test("lease-only leases the named secret at its one place", () => {
  assert.ok(leaseOnly.may("lease-create", "dynamic-secrets", spot));
  assert.ok(leaseOnly.may("lease-create", "dynamic-secrets", { ...spot, name: "Postgres" }), "names have one case");
  for (const other of [
    { ...spot, environment: "dev" },
    { ...spot, path: "/" },
    { ...spot, path: "/database/more" },
    { ...spot, name: "postgres2" },
    { environment: "prod", path: "/database" },
    {},
  ]) {
    assert.ok(!leaseOnly.may("lease-create", "dynamic-secrets", other), JSON.stringify(other));
  }
});

test("lease-only meets its own leases and no others", () => {
  for (const action of [...leasing.slice(1), "lease"]) {
    assert.ok(leaseOnly.may(action, "dynamic-secrets", { ...spot, owner: me }));
    for (const owner of ["identity:other", "user:me", undefined]) {
      assert.ok(!leaseOnly.may(action, "dynamic-secrets", { ...spot, owner }), `${action} of ${owner}`);
    }
  }
});

test("lease-only is refused everything else", () => {
  for (const subject of [...content, ...house, "audit-logs"]) {
    for (const action of every) assert.ok(!leaseOnly.mayWithSome(action, subject, {}));
  }
  for (const action of rootActions) assert.ok(!leaseOnly.mayWithSome(action, "dynamic-secrets", {}));
});

test("roles add up, and what one of them forbids no other allows", () => {
  const both = projectRights([{ role: "viewer" }, { role: "lease-only", secrets: [spot] }], me);
  assert.ok(both.may("read", "secrets", spot));
  assert.ok(both.may("lease-create", "dynamic-secrets", spot));
  assert.ok(!both.may("lease-create", "dynamic-secrets", { ...spot, name: "other" }));
  const deny = { role: "custom", permissions: [{ subject: "secrets", action: ["read"], inverted: true }] };
  for (const grants of [
    [{ role: "admin" }, deny],
    [deny, { role: "admin" }],
  ]) {
    const { may } = projectRights(grants, me);
    assert.ok(!may("read", "secrets", spot));
    assert.ok(may("edit", "secrets", spot));
  }
});

test("each built-in role lies within admin, and admin within no other", () => {
  const rights = (role: string) => projectRights([{ role }], me);
  const admin = rulesOf({ role: "admin" });
  const some = rulesOf({ role: "lease-only", secrets: [spot] });
  for (const role of ["member", "viewer", "no-access"]) {
    assert.deepEqual(rights("admin").excess(rulesOf({ role })), []);
    assert.deepEqual(rights(role).excess(rulesOf({ role })), []);
    assert.notDeepEqual(rights(role).excess(admin), []);
  }
  for (const role of ["admin", "member"]) assert.deepEqual(rights(role).excess(some), []);
  assert.notDeepEqual(rights("viewer").excess(some), []);
});

test("in the organization an admin does all, a member reads and makes projects, others nothing", () => {
  const subjects = ["workspace", "identity", "member", "settings"] as const;
  for (const subject of subjects) {
    for (const action of every) {
      assert.ok(mayInOrganization("admin", action, subject));
      const member = action === "read" || (action === "create" && subject === "workspace");
      assert.equal(mayInOrganization("member", action, subject), member);
      assert.ok(!mayInOrganization("no-access", action, subject));
    }
  }
  assert.ok(!mayInOrganization("member", "read", "audit-logs"));
});

test("a member of the organization makes no admin, and an admin makes anybody", () => {
  assert.deepEqual(organizationExcess("admin", "admin"), []);
  assert.deepEqual(organizationExcess("member", "admin"), []);
  assert.deepEqual(organizationExcess("no-access", "no-access"), []);
  assert.ok(organizationExcess("admin", "member").some(({ subject }) => subject === "audit-logs"));
  assert.notDeepEqual(organizationExcess("member", "no-access"), []);
});
