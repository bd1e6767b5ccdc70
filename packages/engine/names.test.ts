import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import type { Naming } from "@dayfly/targets";
import fc from "fast-check";
import { buildName, checkNameTemplate, type NameParts } from "./names.ts";
import { TemplateFault } from "./template.ts";

const postgres: Naming = { prefix: "", alphabet: "A-Za-z0-9_-", maxLength: 63, case: "any" };
const mysql: Naming = { ...postgres, maxLength: 32 };
const oracle: Naming = { prefix: "", alphabet: "A-Z0-9_", maxLength: 30, case: "upper" };
const memorydb: Naming = { prefix: "inf-", alphabet: "a-z0-9-", maxLength: 40, case: "lower" };
const systems = { postgres, mysql, oracle, memorydb };

const name = (own: Partial<NameParts> = {}): string =>
  buildName({
    template: null,
    naming: postgres,
    identityName: "billing",
    dynamicSecretName: "orders-read",
    dynamicSecretType: "sql-database",
    unixTimestamp: 1_749_064_158,
    random: randomBytes,
    ...own,
  });

test("the default is 32 letters and digits, a letter first, as many as fit elsewhere", () => {
  for (let i = 0; i < 500; i += 1) {
    assert.match(name(), /^[A-Za-z][A-Za-z0-9]{31}$/);
    assert.match(name({ template: "" }), /^[A-Za-z][A-Za-z0-9]{31}$/);
    assert.match(name({ naming: mysql }), /^[A-Za-z][A-Za-z0-9]{31}$/);
    assert.match(name({ naming: oracle }), /^[A-Z][A-Z0-9]{29}$/);
    assert.match(name({ naming: memorydb }), /^inf-[a-z][a-z0-9]{31}$/);
  }
});

test("a readable name gets a joint and twelve random characters", () => {
  assert.match(name({ template: "{{identity.name}}" }), /^billing-[A-Za-z0-9]{12}$/);
  assert.match(name({ template: "app_{{dynamicSecret.name}}_" }), /^app_orders-read-[A-Za-z0-9]{12}$/);
  assert.match(name({ template: "{{identity.name}}", naming: oracle }), /^BILLING_[A-Z0-9]{12}$/);
  assert.match(name({ template: "{{identity.name}}", naming: memorydb }), /^inf-billing-[a-z0-9]{12}$/);
  assert.match(name({ template: "{{identity.name}}-{{random 5}}" }), /^billing-[A-Za-z0-9]{5}-[A-Za-z0-9]{12}$/);
});

test("a template that ends in as much randomness keeps its own", () => {
  assert.match(name({ template: "{{identity.name}}_{{random 12}}" }), /^billing_[A-Za-z0-9]{12}$/);
  assert.match(name({ template: "{{identity.name}}{{random 6}}{{random 6}}" }), /^billing[A-Za-z0-9]{12}$/);
  assert.match(name({ template: "x-{{randomUsername}}", naming: memorydb }), /^inf-x-[a-z][a-z0-9]{31}$/);
});

test("a name too long loses of its readable part, never of its tail", () => {
  const identityName = "a-very-long-name-of-a-machine-that-nobody-can-read-in-one-breath-really";
  const long = name({ template: "{{identity.name}}_{{dynamicSecret.name}}", identityName });
  assert.match(long, /^a-very-long-name-of-a-machine-that-nobody-can-rea[a-z-]*-[A-Za-z0-9]{12}$/);
  assert.equal(long.length, 63);
  assert.match(
    name({ template: "{{identity.name}}_{{random 20}}", identityName, naming: mysql }),
    /^a-very-long_[A-Za-z0-9]{20}$/,
  );
  assert.match(name({ template: "{{identity.name}}_{{randomUsername}}", naming: mysql }), /^[A-Za-z][A-Za-z0-9]{31}$/);
  assert.match(name({ template: "{{random 100}}", naming: oracle }), /^[A-Z][A-Z0-9]{29}$/);
});

test("R23: names from one template and one identity differ", () => {
  for (const naming of Object.values(systems)) {
    const identityName = "the-same-long-name-for-everybody-in-this-whole-big-company";
    const all = Array.from({ length: 10_000 }, () => name({ template: "{{identity.name}}", identityName, naming }));
    assert.equal(new Set(all).size, all.length);
  }
});

test("an e-mail address gives its local part, and what holds nothing readable gives inf_user", () => {
  assert.match(name({ template: "{{identity.name}}", identityName: "ada.l@example.com" }), /^ada-l-[A-Za-z0-9]{12}$/);
  for (const identityName of ["", "@example.com", "日本", "';--", "\0"]) {
    assert.match(name({ template: "{{identity.name}}", identityName }), /^inf_user-[A-Za-z0-9]{12}$/);
  }
});

test("what does not start with a letter is given one", () => {
  assert.match(name({ template: "{{unixTimestamp}}" }), /^u1749064158-[A-Za-z0-9]{12}$/);
  assert.match(name({ template: "__{{identity.name}}" }), /^billing-[A-Za-z0-9]{12}$/);
  assert.match(name({ template: "{{unixTimestamp}}", naming: oracle }), /^U1749064158_[A-Z0-9]{12}$/);
  assert.match(name({ template: "{{unixTimestamp}}", naming: memorydb }), /^inf-1749064158-[a-z0-9]{12}$/);
});

test("a prefix stands there once", () => {
  assert.match(name({ template: "inf-{{identity.name}}", naming: memorydb }), /^inf-billing-[a-z0-9]{12}$/);
  assert.match(
    name({ template: "{{identity.name}}", identityName: "INF-x", naming: memorydb }),
    /^inf-x-[a-z0-9]{12}$/,
  );
});

test("the documented replace works on an identity's name", () => {
  const template = "{{ replace identity.name 'billing' 'new-value' }}";
  assert.match(name({ template }), /^new-value-[A-Za-z0-9]{12}$/);
});

test("characters that a system cannot have in a name are found at save, with their place", () => {
  const refused = (template: string, naming: Naming, position: number): void =>
    assert.throws(
      () => checkNameTemplate(template, naming),
      (error) => error instanceof TemplateFault && error.position === position && /cannot stand/.test(error.message),
      template,
    );
  refused('a"b{{randomUsername}}', postgres, 2);
  refused("{{randomUsername}} {{random 5}}", postgres, 19);
  refused("{{replace identity.name 'a' 'x;y'}}", postgres, 31);
  refused("é", postgres, 1);
  refused("a_{{randomUsername}}", memorydb, 2);
  refused("a-{{randomUsername}}", oracle, 2);
  checkNameTemplate("App_{{identity.name}}-{{random 5}}", postgres);
  checkNameTemplate("app_{{identity.name}}", oracle);
  checkNameTemplate("App-{{replace identity.name ';' '-'}}", memorydb);
});

test("whatever the identity is called and the template says, a name obeys the system", () => {
  const word = fc.constantFrom("identity.name", "dynamicSecret.name", "unixTimestamp", "randomUsername");
  const part = fc.oneof(
    word.map((variable) => `{{${variable}}}`),
    fc.tuple(word, fc.integer({ min: 1, max: 99 })).map(([of, n]) => `{{truncate ${of} ${n}}}`),
    fc.integer({ min: 1, max: 100 }).map((n) => `{{random ${n}}}`),
    word.map((of) => `{{replace ${of} 'a' '---'}}`),
    fc.constantFrom("-", "_", "--", "Abc", "9", "inf-"),
  );
  const template = fc
    .array(part, { maxLength: 8 })
    .map((all) => all.join(""))
    .filter((text) => text.length <= 255);
  const hostile = fc.oneof(
    fc.string({ maxLength: 300, unit: "binary" }),
    fc.constantFrom(
      '"; DROP ROLE postgres; --',
      "a' OR 1=1",
      "{{random 5}}",
      "__proto__",
      "-".repeat(80),
      "$&",
      "a@b@c",
    ),
  );
  fc.assert(
    fc.property(template, hostile, fc.constantFrom(...Object.values(systems)), (text, identityName, naming) => {
      const made = name({ template: text, identityName, naming });
      const rest = made.slice(naming.prefix.length);
      assert.ok(made.startsWith(naming.prefix) && made.length <= naming.maxLength, made);
      assert.match(rest, new RegExp(`^[${naming.alphabet}]+$`));
      assert.match(made, /^[A-Za-z]/);
      assert.match(made, /[A-Za-z0-9]{12}$/);
      assert.doesNotMatch(made, /--/);
    }),
    { numRuns: 5_000 },
  );
});
