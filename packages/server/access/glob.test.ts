import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { globMatches } from "./glob.ts";

const cases: [pattern: string, matches: string[], not: string[]][] = [
  ["/", ["/"], ["/a", "//"]],
  ["/a", ["/a"], ["/", "/a/b", "/A", "a", "/a/", "/ab"]],
  ["/*", ["/a", "/abc"], ["/", "/a/b"]],
  ["/**", ["/", "/a", "/a/b/c"], ["a", "a/b"]],
  ["/a/**", ["/a", "/a/b", "/a/b/c"], ["/", "/ab", "/b/a", "/A/b"]],
  ["/a/*", ["/a/b"], ["/a", "/a/b/c"]],
  ["/**/z", ["/z", "/a/z", "/a/b/z"], ["/", "/za", "/z/a"]],
  ["/a/**/c/**/e", ["/a/c/e", "/a/c/c/e", "/a/b/c/d/e"], ["/a/e", "/a/c", "/c/e"]],
  ["/app-?", ["/app-1", "/app-a"], ["/app-", "/app-12", "/app-/"]],
  ["/t*m", ["/tm", "/team", "/tmmm"], ["/t", "/teams", "/t/m"]],
  ["/*a*b*", ["/ab", "/xaxbx"], ["/ba", "/a/b"]],
  ["**", ["", "a", "/", "/a", "a/b"], []],
  ["prod-*", ["prod-eu", "prod-"], ["prod", "preprod-eu", "PROD-eu", "prod-/x"]],
  ["?", ["a", "€"], ["", "ab"]],
];

test("each mark stands for what it says and for nothing else", () => {
  for (const [pattern, matches, not] of cases) {
    for (const text of matches) assert.ok(globMatches(pattern, text), `${pattern} ~ ${text}`);
    for (const text of not) assert.ok(!globMatches(pattern, text), `${pattern} !~ ${text}`);
  }
});

const part = fc.stringMatching(/^[ab]{1,3}$/);
const path = fc.array(part, { maxLength: 5 }).map((parts) => `/${parts.join("/")}`);
const pattern = fc
  .array(fc.oneof(part, fc.constantFrom("*", "?", "**", "a*", "*b", "a?")), { maxLength: 5 })
  .map((parts) => `/${parts.join("/")}`);

test("it agrees with the regular expression of the same meaning", () => {
  const expression = (glob: string) => {
    const parts = glob === "/" ? [] : glob.slice(1).split("/");
    const body = parts.map((one) =>
      one === "**" ? "(/[^/]+)*" : `/${one.replaceAll("*", "[^/]*").replaceAll("?", "[^/]")}`,
    );
    return new RegExp(`^${body.join("")}$`);
  };
  fc.assert(
    fc.property(pattern, path, (glob, text) => {
      assert.equal(globMatches(glob, text), expression(glob).test(text === "/" ? "" : text));
    }),
    { numRuns: 5_000 },
  );
});

test("a path without marks matches itself alone", () => {
  fc.assert(fc.property(path, path, (a, b) => globMatches(a, b) === (a === b)));
});

test("the longest pattern against the longest path takes steps, not for ever", () => {
  const text = `/${Array(16).fill("a".repeat(63)).join("/")}b`;
  for (const glob of [`/${"*a".repeat(127)}`, "/**/*a*a*a*a*a*a*a*a*b/**/x".repeat(9), `/${"**/".repeat(80)}x`]) {
    assert.ok(!globMatches(glob, text));
  }
});
