import assert from "node:assert/strict";
import { test } from "node:test";
import { mayInOrganization, projectRights } from "./ability.ts";

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
const content = ["secrets", "secret-imports", "secret-folders", "environments", "tags"];
const house = ["member", "identity", "role", "settings", "workspace"];

test("an admin holds everything", () => {
  const { may } = projectRights([{ role: "admin" }], me);
  for (const subject of [...content, ...house, "audit-logs"]) {
    for (const action of every) assert.ok(may(action, subject, spot), `${action} ${subject}`);
  }
  for (const action of [...rootActions, "lease"])
    assert.ok(may(action, "dynamic-secrets", { ...spot, owner: "identity:x" }));
});

test("a member works with the content, and only sees the house", () => {
  const { may } = projectRights([{ role: "member" }], me);
  for (const action of every) {
    for (const subject of content) assert.ok(may(action, subject, spot));
    for (const subject of house) assert.equal(may(action, subject, spot), action === "read");
    assert.ok(!may(action, "audit-logs", spot));
  }
  assert.ok(may("lease", "dynamic-secrets", spot));
});

test("a viewer reads and leases nothing", () => {
  const { may } = projectRights([{ role: "viewer" }], me);
  for (const subject of [...content, ...house]) {
    for (const action of every) assert.equal(may(action, subject, spot), action === "read");
  }
  assert.ok(may("read-root-credential", "dynamic-secrets", spot));
  for (const action of [...rootActions.slice(1), "lease"]) assert.ok(!may(action, "dynamic-secrets", spot));
});

test("no-access, no role and a role that does not exist hold nothing", () => {
  for (const grants of [
    [{ role: "no-access" }],
    [],
    [{ role: "root" }],
    [{ role: "constructor" }],
    [{ role: "lease-only" }],
  ]) {
    const { mayAnywhere } = projectRights(grants, me);
    for (const subject of [...content, ...house, "dynamic-secrets", "all"]) {
      for (const action of [...every, ...rootActions, "lease", "manage"]) assert.ok(!mayAnywhere(action, subject));
    }
  }
});

test("lease-only leases the named secret at its one place", () => {
  assert.ok(leaseOnly.may("lease", "dynamic-secrets", spot));
  assert.ok(leaseOnly.may("lease", "dynamic-secrets", { ...spot, name: "Postgres" }), "names have one case");
  for (const other of [
    { ...spot, environment: "dev" },
    { ...spot, path: "/" },
    { ...spot, path: "/database/more" },
    { ...spot, name: "postgres2" },
    { environment: "prod", path: "/database" },
    {},
  ]) {
    assert.ok(!leaseOnly.may("lease", "dynamic-secrets", other), JSON.stringify(other));
  }
});

test("lease-only meets its own leases and no others", () => {
  assert.ok(leaseOnly.may("lease", "dynamic-secrets", { ...spot, owner: me }));
  assert.ok(!leaseOnly.may("lease", "dynamic-secrets", { ...spot, owner: "identity:other" }));
  assert.ok(!leaseOnly.may("lease", "dynamic-secrets", { ...spot, owner: "user:me" }));
});

test("lease-only is refused everything else", () => {
  for (const subject of [...content, ...house, "audit-logs"]) {
    for (const action of every) assert.ok(!leaseOnly.mayAnywhere(action, subject));
  }
  for (const action of rootActions) assert.ok(!leaseOnly.mayAnywhere(action, "dynamic-secrets"));
});

test("roles add up", () => {
  const both = projectRights([{ role: "viewer" }, { role: "lease-only", secrets: [spot] }], me);
  assert.ok(both.may("read", "secrets", spot));
  assert.ok(both.may("lease", "dynamic-secrets", spot));
  assert.ok(!both.may("lease", "dynamic-secrets", { ...spot, name: "other" }));
});

test("in the organization an admin does all, a member reads and makes projects, others nothing", () => {
  const subjects = ["workspace", "identity", "member", "settings"];
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
