import assert from "node:assert/strict";
import { test } from "node:test";
import type { Conditions, PermissionRule } from "@dayfly/contract";
import fc from "fast-check";
import { decide, readied, type Spot } from "./rules.ts";
import { excessOf } from "./within.ts";

const subject = "dynamic-secrets";
const rule = (conditions: Conditions = {}, action = ["lease"], inverted = false): PermissionRule => ({
  subject,
  action,
  conditions,
  inverted,
});
const isWithin = (granted: PermissionRule[], held: PermissionRule[]) =>
  excessOf(
    granted.flatMap((rule) => readied(rule)),
    held.flatMap((rule) => readied(rule)),
  ).length === 0;

const prod = { environment: { $eq: "prod" } };
const below = { secretPath: { $glob: "/a/**" } };

test("the same, and narrower in any field, is within", () => {
  const narrower: [inner: Conditions, outer: Conditions][] = [
    [{}, {}],
    [prod, {}],
    [prod, prod],
    [{ ...prod, ...below }, below],
    [{ environment: { $in: ["prod", "dev"] } }, { environment: { $in: ["dev", "prod", "qa"] } }],
    [prod, { environment: { $in: ["dev", "prod"] } }],
    [prod, { environment: { $ne: "dev" } }],
    [prod, { environment: { $glob: "p*" } }],
    [{ environment: { $in: ["prod", "dev"], $ne: "dev" } }, prod],
    [{ secretPath: { $eq: "/a/b" } }, below],
    [{ secretPath: { $glob: "/a/b/*" } }, below],
    [{ secretPath: { $glob: "/a/b*" } }, below],
    [{ secretPath: { $glob: "/a" } }, below],
    [below, { secretPath: { $glob: "/**" } }],
    [below, { secretPath: { $ne: "/b" } }],
    [
      { metadata: { $elemMatch: { key: { $eq: "team" }, value: { $eq: "web" } } } },
      { metadata: { $elemMatch: { key: { $eq: "team" } } } },
    ],
  ];
  for (const [inner, outer] of narrower) {
    assert.ok(isWithin([rule(inner)], [rule(outer)]), `${JSON.stringify(inner)} in ${JSON.stringify(outer)}`);
  }
});

test("wider, beside, or not to be told is not", () => {
  const wider: [inner: Conditions, outer: Conditions][] = [
    [{}, prod],
    [prod, { environment: { $eq: "dev" } }],
    [prod, { ...prod, ...below }],
    [{ environment: { $ne: "dev" } }, prod],
    [{ environment: { $in: ["prod", "dev"] } }, prod],
    [{ environment: { $glob: "p*" } }, { environment: { $in: ["prod"] } }],
    [{ environment: { $glob: "p*" } }, { environment: { $ne: "prod" } }],
    [{ secretPath: { $eq: "/ab" } }, below],
    [{ secretPath: { $glob: "/a*" } }, below],
    [{ secretPath: { $glob: "/*/b" } }, below],
    [{ secretPath: { $glob: "/**/a" } }, { secretPath: { $glob: "/*/**" } }],
    [{ secretPath: { $ne: "/" } }, { secretPath: { $glob: "/**" } }],
    [
      { metadata: { $elemMatch: { key: { $eq: "team" } } } },
      { metadata: { $elemMatch: { key: { $eq: "team" }, value: { $eq: "web" } } } },
    ],
    [{ metadata: { $elemMatch: { value: { $eq: "web" } } } }, { metadata: { $elemMatch: { key: { $eq: "team" } } } }],
  ];
  for (const [inner, outer] of wider) {
    assert.ok(!isWithin([rule(inner)], [rule(outer)]), `${JSON.stringify(inner)} not in ${JSON.stringify(outer)}`);
  }
});

test("an action that is not held is too much, and all of the leasing is the sum of its parts", () => {
  assert.ok(!isWithin([rule({}, ["read-root-credential"])], [rule()]));
  assert.ok(isWithin([rule({}, ["lease-create", "lease-read-own"])], [rule()]));
  const parts = ["lease-create", "lease-read-any", "lease-renew-any", "lease-revoke-any"];
  assert.ok(isWithin([rule()], [rule({}, parts)]));
  for (const part of parts) {
    const rest = parts.filter((one) => one !== part);
    assert.ok(!isWithin([rule()], [rule({}, rest)]), part);
  }
  assert.ok(!isWithin([rule({}, ["lease-read-any"])], [rule({}, ["lease-read-own"])]));
  assert.ok(isWithin([rule({}, ["lease-read-own"])], [rule({}, ["lease-read-own"])]));
  assert.deepEqual(excessOf(readied(rule({}, ["lease-create"])), []), [{ subject, action: "lease-create" }]);
});

test("what the giver is forbidden has to be forbidden along with it, or lie elsewhere", () => {
  const deny = (conditions: Conditions) => rule(conditions, ["lease"], true);
  const held = [rule(), deny({ ...prod, ...below })];
  assert.ok(!isWithin([rule()], held));
  assert.ok(!isWithin([rule(prod)], held));
  assert.ok(isWithin([rule(), deny({ ...prod, ...below })], held));
  assert.ok(isWithin([rule(), deny(prod)], held), "more may be forbidden");
  assert.ok(!isWithin([rule(), deny({ ...prod, secretPath: { $glob: "/a/b/**" } })], held), "less may not");
  assert.ok(isWithin([rule({ environment: { $eq: "dev" } })], held));
  assert.ok(isWithin([rule({ secretPath: { $glob: "/b/**" } })], held));
  assert.ok(isWithin([rule({ secretPath: { $eq: "/b" } })], held));
  assert.ok(!isWithin([rule({ secretPath: { $glob: "/*" } })], held));
  assert.ok(!isWithin([rule({ metadata: { $elemMatch: { key: { $eq: "x" } } } })], held));
});

test("what is held for a time is given for no longer", () => {
  const at = (until?: number) => readied(rule(prod), until);
  for (const [granted, held] of [
    [1, 2],
    [2, 2],
    [2, undefined],
    [undefined, undefined],
  ]) {
    assert.deepEqual(excessOf(at(granted), at(held)), []);
  }
  for (const [granted, held] of [
    [2, 1],
    [undefined, 1],
  ]) {
    assert.notDeepEqual(excessOf(at(granted), at(held)), []);
  }
  const deny = (until?: number) => readied(rule(below, ["lease"], true), until);
  assert.deepEqual(
    excessOf([...at(1), ...deny(1)], [...at(), ...deny()]),
    [],
    "it is forbidden as long as it is allowed",
  );
});

test("rules that only forbid are anybody's to give", () => {
  assert.ok(isWithin([rule({}, ["lease"], true)], []));
  assert.ok(isWithin([], []));
});

const paths = ["/", "/a", "/a/b", "/a/b/c", "/b", "/ab"];
const globs = ["/**", "/a/**", "/a/b/**", "/*", "/a/*", "/**/b", "/a*", "/?", "/a/b", "/*/**"];
const text = fc.oneof(
  fc.record({ $eq: fc.constantFrom(...paths) }),
  fc.record({ $ne: fc.constantFrom(...paths) }),
  fc.record({ $in: fc.subarray(paths, { minLength: 1 }) }),
  fc.record({ $glob: fc.constantFrom(...globs) }),
  fc.record({ $glob: fc.constantFrom(...globs), $ne: fc.constantFrom(...paths) }),
);
const word = fc.oneof(fc.record({ $eq: fc.constantFrom("x", "y") }), fc.record({ $ne: fc.constantFrom("x", "y") }));
const anyRule: fc.Arbitrary<PermissionRule> = fc.record({
  subject: fc.constant(subject),
  action: fc.constantFrom(["lease"], ["lease-create"], ["lease-read-own"], ["lease-read-any", "lease-create"]),
  conditions: fc.record(
    {
      environment: fc.constantFrom({ $eq: "prod" }, { $ne: "prod" }, { $in: ["prod", "dev"] }),
      secretPath: text,
      metadata: fc.record({ $elemMatch: fc.record({ key: word, value: word }, { requiredKeys: ["key"] }) }),
    },
    { requiredKeys: [] },
  ),
  inverted: fc.boolean(),
});
const entries = fc.subarray([
  { key: "x", value: "x" },
  { key: "x", value: "y" },
  { key: "y", value: "x" },
]);
const spots: fc.Arbitrary<Spot> = fc.record({
  environment: fc.constantFrom("prod", "dev"),
  path: fc.constantFrom(...paths),
  metadata: entries,
  owner: fc.constantFrom("me", "you"),
});

test("nothing that lies within allows what the other does not, anywhere", () => {
  let compared = 0;
  const rules = fc.array(anyRule, { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(rules, rules, fc.array(spots, { minLength: 8, maxLength: 8 }), (granted, held, at) => {
      if (!isWithin(granted, held)) return;
      compared++;
      for (const spot of at) {
        for (const action of ["lease-create", "lease-read", "lease-renew", "lease-revoke"]) {
          const is = (written: PermissionRule[]) =>
            decide(
              written.flatMap((rule) => readied(rule)),
              action,
              subject,
              spot,
              "me",
            );
          assert.ok(!is(granted) || is(held), JSON.stringify({ granted, held, spot, action }));
        }
      }
    }),
    { numRuns: 4_000 },
  );
  assert.ok(compared > 200, `only ${compared} lay within`);
});
