import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { canonicalPath, childPath, path } from "./paths.ts";

const canonical: Record<string, string> = {
  "": "/",
  " ": "/",
  "/": "/",
  "/a": "/a",
  "/a/": "/a",
  " /database/dynamic/ ": "/database/dynamic",
  "/Data-base_1/2": "/Data-base_1/2",
  [`/${"a".repeat(64)}`]: `/${"a".repeat(64)}`,
  ["/a".repeat(32)]: "/a".repeat(32),
};

const refused = [
  "a",
  "a/b",
  "//",
  "//a",
  "/a//b",
  "/a//",
  "/.",
  "/..",
  "/a/..",
  "/a/../b",
  "/a/./b",
  "/a/...",
  "/a.b",
  "\\a",
  "/a\\b",
  "/a\\..\\b",
  "/%2e%2e",
  "/a%2fb",
  "/a%00",
  "/a\0",
  "/a\nb",
  "/a b",
  "/a;b",
  "/a?b",
  "/a#b",
  "/a*",
  "/**",
  "/{a,b}",
  "/a:b",
  "/~",
  "/ä",
  "/a\u0301",
  "/\u2024\u2024",
  "/\uff0e\uff0e",
  "/a\u2215b",
  "/a\u200b",
  "/\u202ea",
  "/\ud800",
  `/${"a".repeat(65)}`,
  "/a".repeat(33),
  `/${"a/".repeat(600)}`,
];

test("each path has one canonical form", () => {
  for (const [text, form] of Object.entries(canonical)) assert.equal(canonicalPath(text), form, text);
});

test("every trick is refused and not mended", () => {
  for (const text of refused) assert.equal(canonicalPath(text), null, JSON.stringify(text));
});

test("whatever is accepted has the canonical form, which is its own", () => {
  const piece = fc.oneof(
    fc.constantFrom("/", ".", "..", "%2e", "%2F", "\\", "\0", " ", "//", "a", "b-1", "é", "\u2024", "\uff0f", "*"),
    fc.string({ unit: "binary", maxLength: 3 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const form = canonicalPath(pieces.join(""));
      if (form === null) return;
      assert.match(form, /^\/$|^(\/[A-Za-z0-9_-]{1,64})+$/);
      assert.equal(canonicalPath(form), form);
    }),
    { numRuns: 3000 },
  );
});

test("ten thousand spellings of a way out lead nowhere", () => {
  const spellings = [".", "%2e", "%252e", "%c0%ae", "\u2024", "\uff0e", "\\.", "%u002e", "%2E"];
  const slashes = ["/", "%2f", "\\", "%5c", "\u2215", "\uff0f", "//", "/./", "%252f", "/\0/", "/ /"];
  let tried = 0;
  for (const a of spellings) {
    for (const b of spellings) {
      for (const before of slashes) {
        for (const after of slashes) {
          tried++;
          assert.equal(canonicalPath(`/allowed${before}${a}${b}${after}forbidden`), null);
        }
      }
    }
  }
  assert.ok(tried >= 9000);
});

test("a refused path is answered without the path", () => {
  const { error } = path.safeParse("/secret..name");
  assert.match(error!.issues[0]!.message, /letters, digits/);
  assert.doesNotMatch(JSON.stringify(error!.issues), /secret\.\.name/);
});

test("a child of the root has one slash", () => {
  assert.equal(childPath("/", "a"), "/a");
  assert.equal(childPath("/a", "b"), "/a/b");
});
