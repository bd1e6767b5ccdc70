import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { grantable, permissionRules } from "./permissions.ts";
import { readInput } from "./route.ts";
import { routes } from "./routes.ts";

const read = (...rules: unknown[]) => {
  const result = permissionRules.safeParse(rules);
  assert.ok(result.success, JSON.stringify(result.error?.issues));
  return result.data;
};
const refusal = (...rules: unknown[]) => {
  const result = permissionRules.safeParse(rules);
  assert.ok(!result.success, `${JSON.stringify(rules)} was taken`);
  return result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
};
const secrets = { subject: "secrets", action: "read" };
const when = (conditions: unknown) => ({ ...secrets, conditions });

test("a rule is read into one form", () => {
  const rule = when({
    environment: "prod",
    secretPath: { $glob: "/a/**/", $ne: "/a/b/" },
    secretName: { $in: ["A", "B"] },
    metadata: { $elemMatch: { key: "team", value: { $glob: "web-*" } } },
  });
  assert.deepEqual(read({ ...rule, inverted: true }), [
    {
      subject: "secrets",
      action: ["read"],
      conditions: {
        environment: { $eq: "prod" },
        secretPath: { $glob: "/a/**", $ne: "/a/b" },
        secretName: { $in: ["A", "B"] },
        metadata: { $elemMatch: { key: { $eq: "team" }, value: { $glob: "web-*" } } },
      },
      inverted: true,
    },
  ]);
  for (const conditions of [{}, null, undefined]) {
    assert.deepEqual(read({ ...when(conditions), action: ["read", "edit", "read"], inverted: false }), [
      { subject: "secrets", action: ["read", "edit"] },
    ]);
  }
});

test("every subject takes each of its actions, and no action of another", () => {
  for (const [subject, actions] of Object.entries(grantable)) {
    assert.deepEqual(read({ subject, action: [...actions] })[0]!.action, actions);
    for (const action of ["manage", "lease-read", "read-root", "", subject === "secrets" ? "lease" : "describe"]) {
      assert.match(refusal({ subject, action: ["read", action] })[0]!, /^0\.action: must be of /);
    }
  }
});

test("what nobody would heed is refused, and said clearly", () => {
  const cases: [unknown, RegExp][] = [
    [{ ...secrets, subject: "moon" }, /^0\.subject: must be one of secrets, /],
    [{ ...secrets, subject: "all" }, /^0\.subject: must be one of/],
    [{ subject: "secrets" }, /^0\.action: must be an action or a list/],
    [{ ...secrets, action: [] }, /^0\.action: /],
    [{ ...secrets, fields: ["value"] }, /^0: must have no other fields than subject, action/],
    [{ ...secrets, inverted: "yes" }, /^0\.inverted: must be true or false/],
    [when({ moon: "full" }), /^0\.conditions: must have no other fields than environment/],
    [when({ environment: { $regex: ".*" } }), /^0\.conditions\.environment: must have no other fields than \$eq/],
    [when({ environment: {} }), /^0\.conditions\.environment: must have one of/],
    [when({ environment: { $in: [] } }), /^0\.conditions\.environment\.\$in: /],
    [when({ environment: { $eq: "a/b" } }), /^0\.conditions\.environment\.\$eq: /],
    [when({ environment: ["prod"] }), /^0\.conditions\.environment: /],
    [when({ metadata: { key: "a" } }), /^0\.conditions\.metadata/],
    [when({ metadata: { $elemMatch: {} } }), /^0\.conditions\.metadata\.\$elemMatch: must have key, value, or both/],
    [when({ metadata: { $elemMatch: { kex: "a" } } }), /^0\.conditions\.metadata\.\$elemMatch: must have no other/],
    [{ subject: "tags", action: "read", conditions: { environment: "prod" } }, /^0\.conditions: cannot be set on tags/],
    [
      { subject: "secret-folders", action: "read", conditions: { secretName: "a" } },
      /^0\.conditions: may look at environment, secretPath here/,
    ],
  ];
  for (const [rule, message] of cases) assert.match(refusal(rule).join("\n"), message);
  assert.match(refusal(...Array(101).fill(secrets))[0]!, /at most 100 rules/);
});

test("a pattern says nothing that a path cannot be, and no mark that would not be heeded", () => {
  for (const $glob of ["/", "/**", "/a/**", "/a-*/b_?/**/c", "/*"]) read(when({ secretPath: { $glob } }));
  for (const $glob of [
    ...["", "a", "**", "/a/../b", "//", "/a//b", "/.", "/%2e", "/a\\b", "/{a,b}", "/[ab]", "/!(a)", "/a**"],
    ...["/ä", "/a b", "/a\u0000", `/${"a".repeat(256)}`],
  ]) {
    assert.ok(refusal(when({ secretPath: { $glob } })).length > 0, $glob);
  }
  for (const path of ["a", "/a/../b", "//", "/%2e", "/a*"]) refusal(when({ secretPath: path }));
  for (const $glob of ["a[b]", "{a,b}", "a**b", "!(a)", "a\\*", "\u0000", "\ud800", ""]) {
    refusal(when({ secretName: { $glob } }));
    refusal(when({ metadata: { $elemMatch: { value: { $glob } } } }));
  }
});

test("names of dynamic secrets have one case in rules too, those of secrets two", () => {
  const conditions = { secretName: { $in: ["PG", "Redis"], $glob: "P*" } };
  const lowered = { secretName: { $in: ["pg", "redis"], $glob: "p*" } };
  assert.deepEqual(read({ subject: "dynamic-secrets", action: "lease", conditions })[0]!.conditions, lowered);
  assert.deepEqual(read(when(conditions))[0]!.conditions, conditions);
});

test("a role may not be called like a built-in one", () => {
  const params = { projectId: "0198d2a4-1f5e-7c3a-9d2b-3f4a5b6c7d8e" };
  for (const slug of ["admin", "member", "viewer", "no-access", "lease-only", "custom", "Own", "a b", ""]) {
    const body = { slug, name: "x", permissions: [] };
    assert.ok("issues" in readInput(routes.createRole, { params, query: {}, body }), slug);
  }
});

test("the guide's role and its roles for a time are taken as they stand", () => {
  const guide = readFileSync(new URL("../../docs/guides/roles.md", import.meta.url), "utf8");
  const [role, grants] = [...guide.matchAll(/```json\n([^`]+)```/g)].map(([, text]) => JSON.parse(text!));
  const projectId = "0198d2a4-1f5e-7c3a-9d2b-3f4a5b6c7d8e";
  assert.ok("input" in readInput(routes.createRole, { params: { projectId }, query: {}, body: role }));
  const params = { projectId, identityId: projectId };
  assert.ok("input" in readInput(routes.updateIdentityMembership, { params, query: {}, body: grants }));
  for (const subject of Object.keys(grantable)) assert.match(guide, new RegExp(`\\| .*\`${subject}\``), subject);
});
