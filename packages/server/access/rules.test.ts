import assert from "node:assert/strict";
import { test } from "node:test";
import { grantable, type PermissionRule, type TextCondition } from "@dayfly/contract";
import fc from "fast-check";
import { decide, meets, readied, type Spot } from "./rules.ts";

const me = "identity:me";
const asked = (written: PermissionRule[], action: string, subject: string, spot: Spot) =>
  decide(
    written.flatMap((rule) => readied(rule)),
    action,
    subject,
    spot,
    me,
  );
const on = (conditions: PermissionRule["conditions"], inverted = false): PermissionRule => ({
  subject: "secrets",
  action: ["read"],
  conditions,
  inverted,
});
const everything: PermissionRule = { subject: "secrets", action: ["read"] };
const spot = { environment: "prod", path: "/a/b", name: "KEY", metadata: [{ key: "team", value: "web" }] };

test("a rule allows its own actions on its own subject, and nothing else", () => {
  for (const [subject, actions] of Object.entries(grantable)) {
    for (const action of actions.filter((name) => !name.startsWith("lease"))) {
      for (const [otherSubject, others] of Object.entries(grantable)) {
        for (const other of others) {
          const verdict = asked([{ subject, action: [action] }], other, otherSubject, {});
          assert.equal(verdict, subject === otherSubject && action === other, `${action} ${subject}: ${other}`);
        }
      }
    }
  }
});

test("each operator is met by what it says", () => {
  const cases: [TextCondition, yes: string[], no: string[]][] = [
    [{ $eq: "a" }, ["a"], ["b", "A", ""]],
    [{ $ne: "a" }, ["b", "A", ""], ["a"]],
    [{ $in: ["a", "b"] }, ["a", "b"], ["c", "a,b"]],
    [{ $glob: "a*" }, ["a", "ab"], ["ba"]],
    [{ $glob: "a*", $ne: "ab" }, ["a", "ac"], ["ab", "b"]],
    [{ $in: ["a", "b"], $ne: "a" }, ["b"], ["a", "c"]],
    [{}, ["", "a"], []],
  ];
  for (const [condition, yes, no] of cases) {
    for (const text of yes) assert.ok(meets(condition, text), `${JSON.stringify(condition)} ${text}`);
    for (const text of no) assert.ok(!meets(condition, text), `${JSON.stringify(condition)} ${text}`);
  }
});

test("conditions on several fields hold together", () => {
  const rule = on({ environment: { $eq: "prod" }, secretPath: { $glob: "/a/**" }, secretName: { $ne: "ROOT" } });
  assert.equal(asked([rule], "read", "secrets", spot), true);
  for (const other of [{ environment: "dev" }, { path: "/b" }, { path: "/A/b" }, { name: "ROOT" }]) {
    assert.equal(asked([rule], "read", "secrets", { ...spot, ...other }), false, JSON.stringify(other));
  }
});

test("metadata is met by one entry that is so as a whole", () => {
  const rule = on({ metadata: { $elemMatch: { key: { $eq: "team" }, value: { $eq: "web" } } } });
  const having = (...metadata: { key: string; value: string }[]) =>
    asked([rule], "read", "secrets", { ...spot, metadata });
  assert.equal(having({ key: "x", value: "y" }, { key: "team", value: "web" }), true);
  assert.equal(having({ key: "team", value: "ops" }, { key: "other", value: "web" }), false);
  assert.equal(having(), false);
});

test("what forbids wins, in whatever order and however narrow what allows is", () => {
  const deny = on({ secretPath: { $glob: "/a/**" } }, true);
  const exact = on({ environment: { $eq: "prod" }, secretPath: { $eq: "/a/b" }, secretName: { $eq: "KEY" } });
  for (const rules of [
    [everything, deny],
    [deny, everything],
    [deny, exact],
    [exact, everything, deny],
  ]) {
    assert.equal(asked(rules, "read", "secrets", spot), false);
  }
  assert.equal(asked([everything, deny], "read", "secrets", { ...spot, path: "/b" }), true);
  assert.equal(asked([deny], "read", "secrets", { ...spot, path: "/b" }), false, "forbidding allows nothing else");
});

test("what is not known leaves it open, unless it makes no difference", () => {
  const inA = on({ secretPath: { $glob: "/a/**" } });
  assert.equal(asked([inA], "read", "secrets", {}), undefined);
  assert.equal(asked([everything, inA], "read", "secrets", {}), true);
  assert.equal(asked([everything, on({ secretPath: { $glob: "/a/**" } }, true)], "read", "secrets", {}), undefined);
  assert.equal(asked([everything, on(undefined, true)], "read", "secrets", {}), false);
  assert.equal(asked([on({ environment: { $eq: "dev" }, ...inA.conditions })], "read", "secrets", spot), false);
});

test("of leases, own and any are told apart", () => {
  const dynamic = "dynamic-secrets";
  for (const act of ["read", "renew", "revoke"]) {
    const own: PermissionRule[] = [{ subject: dynamic, action: [`lease-${act}-own`] }];
    const any: PermissionRule[] = [{ subject: dynamic, action: [`lease-${act}-any`] }];
    assert.equal(asked(own, `lease-${act}`, dynamic, { owner: me }), true);
    assert.equal(asked(own, `lease-${act}`, dynamic, { owner: "identity:you" }), false);
    assert.equal(asked(own, `lease-${act}`, dynamic, {}), undefined);
    assert.equal(asked(any, `lease-${act}`, dynamic, { owner: "identity:you" }), true);
    for (const other of ["create", "read", "renew", "revoke"].filter((name) => name !== act)) {
      assert.equal(asked([...own, ...any], `lease-${other}`, dynamic, { owner: me }), false);
    }
    const but = [
      { subject: dynamic, action: ["lease"] },
      { ...own[0]!, inverted: true },
    ];
    assert.equal(asked(but, `lease-${act}`, dynamic, { owner: me }), false);
    assert.equal(asked(but, `lease-${act}`, dynamic, { owner: "identity:you" }), true);
    assert.equal(asked(but, "lease", dynamic, { owner: me }), false, "all of it is not there if a part is not");
  }
  const whole: PermissionRule[] = [{ subject: dynamic, action: ["lease"] }];
  for (const act of ["lease", "lease-create", "lease-read", "lease-renew", "lease-revoke"]) {
    assert.equal(asked(whole, act, dynamic, { owner: "identity:you" }), true);
  }
});

const condition = fc.oneof(
  fc.record({ $eq: fc.constantFrom("/a", "/a/b") }),
  fc.record({ $ne: fc.constantFrom("/a", "/a/b") }),
  fc.record({ $glob: fc.constantFrom("/**", "/a/**", "/*") }),
);
const rule: fc.Arbitrary<PermissionRule> = fc.record({
  subject: fc.constant("secrets"),
  action: fc.constantFrom(["read"], ["read", "edit"], ["edit"]),
  conditions: fc.record(
    { secretPath: condition, environment: fc.constantFrom({ $eq: "prod" }, { $ne: "prod" }) },
    { requiredKeys: [] },
  ),
  inverted: fc.boolean(),
});

test("one more that forbids never allows, one more that allows never refuses, and order is nothing", () => {
  const spots = fc.record({ path: fc.constantFrom("/", "/a", "/a/b"), environment: fc.constantFrom("prod", "dev") });
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 6 }), rule, spots, (rules, more, at) => {
      const before = asked(rules, "read", "secrets", at);
      assert.notEqual(before, undefined);
      const after = asked([...rules, more], "read", "secrets", at);
      if (more.inverted) assert.ok(before || !after);
      else assert.ok(after || !before);
      assert.equal(asked([more, ...[...rules].reverse()], "read", "secrets", at), after);
    }),
    { numRuns: 2_000 },
  );
});

test("knowing more never turns a yes into a no, or a no into a yes", () => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 6 }), fc.constantFrom("/", "/a", "/a/b"), (rules, path) => {
      const blind = asked(rules, "read", "secrets", { path });
      for (const environment of ["prod", "dev"]) {
        if (blind !== undefined) assert.equal(asked(rules, "read", "secrets", { path, environment }), blind);
      }
    }),
  );
});
