/** What is done to a request that fits, so that it no longer does: each mutation is one idea of an attacker or of an accident. */
import fc from "fast-check";
import type { Json } from "../wire.ts";
import { type Draft, encoded } from "./grammar.ts";

/** A change of a request. */
export interface Mutation {
  name: string;
  apply(draft: Draft): void;
}

const texts = [
  ...[
    "",
    " ",
    "null",
    "true",
    "0",
    "-1",
    "1e21",
    "NaN",
    "0x10",
    "9".repeat(400),
    "1h1h",
    "-5m",
    "__proto__",
    "constructor",
  ],
  ...["\u0000", "a\u0000b", "\ud800", "a\udc00", "\ufeff", "\u202e", "İ", "💥", "\r\nx-evil: 1", "\u001b[31m", "a b"],
  ...[
    "..",
    ".",
    "../..",
    "/../",
    "/a/../b",
    "//",
    "/.",
    "%2e%2e%2f",
    "%00",
    "..\\..",
    "\\",
    "/．．/",
    "/‥",
    "/a;b",
    "~root",
    "/a/",
  ],
  ...[
    "'; drop table projects; --",
    '"; drop role postgres; --',
    "$$",
    "{{username}}",
    "{{7*7}}",
    "#{x}",
    "*",
    "%",
    "_",
  ],
  ...["x".repeat(65), "x".repeat(256), "x".repeat(5_000), "§long:600000§", "00000000-0000-0000-0000-000000000000"],
  ...["<script>", "=1+1", "true,false", "a,b,,", "2026-01-01T00:00:00Z", "-0", "+1", "1.5"],
];
/** What another project has, by its names and ids. */
const theirs = ["projectId", "projectSlug", "environmentId", "folderId", "secretId", "secretName", "secretImportId"]
  .concat(["leaseId", "dynamicSecretName", "path", "identityId"])
  .map((name) => `§their.${name}§`);
const values: Json[] = [
  ...[
    null,
    true,
    false,
    0,
    -1,
    1.5,
    1e308,
    -1e308,
    2 ** 53,
    [],
    {},
    [[]],
    [null],
    { a: {} },
    { length: 1e9 },
    { toString: 1 },
  ],
  ...["§deep:[:100§", "§deep:[:100000§", "§deep:{:33§", "§deep:{:50000§", "§wide:20000§", "§number:400§"],
];

const text = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...texts) },
  { weight: 3, arbitrary: fc.constantFrom(...theirs) },
  { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 80 }) },
);
const value: fc.Arbitrary<Json> = fc.oneof(
  { weight: 4, arbitrary: text },
  { weight: 4, arbitrary: fc.constantFrom(...values) },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 4 }) },
);

const at = fc.nat(10_000);

/** Every object and array in a body, with the keys that lead on. */
export function spotsIn(body: Json): { holder: Json; key: string }[] {
  const spots: { holder: Json; key: string }[] = [];
  const walk = (holder: Json): void => {
    if (typeof holder !== "object" || holder === null) return;
    for (const key of Object.keys(holder)) {
      spots.push({ holder, key });
      walk(holder[key]);
    }
  };
  walk(body);
  return spots;
}

const inBody = fc.record({ at, value }).map(({ at, value }) => ({
  name: "value",
  apply(draft: Draft) {
    const spots = spotsIn(draft.body);
    if (spots.length === 0) return;
    const { holder, key } = spots[at % spots.length]!;
    holder[key] = value;
  },
}));

const lost = at.map((at) => ({
  name: "lost",
  apply(draft: Draft) {
    const spots = spotsIn(draft.body);
    if (spots.length === 0) draft.query.splice(at % (draft.query.length || 1), 1);
    else delete spots[at % spots.length]!.holder[spots[at % spots.length]!.key];
  },
}));

const extras = [
  "__proto__",
  "constructor",
  "isAdmin",
  "role",
  "orgRole",
  "projectId",
  "actor",
  "id",
  "identityId",
  "x".repeat(300),
];
const added = fc.record({ at, name: fc.constantFrom(...extras), value }).map(({ at, name, value }) => ({
  name: "added",
  apply(draft: Draft) {
    const holders = [draft.body, ...spotsIn(draft.body).map(({ holder, key }) => holder[key])].filter(
      (holder) => typeof holder === "object" && holder !== null && !Array.isArray(holder),
    );
    if (holders.length === 0) draft.query.push([name, typeof value === "string" ? value : JSON.stringify(value)]);
    else
      Object.defineProperty(holders[at % holders.length]!, name, {
        value,
        enumerable: true,
        configurable: true,
        writable: true,
      });
  },
}));

const whole = value.map((value) => ({
  name: "whole body",
  apply(draft: Draft) {
    draft.body = value;
  },
}));

const inQuery = fc
  .record({ at, text, how: fc.constantFrom("set", "twice", "list", "object", "case") })
  .map(({ at, text, how }) => ({
    name: `query ${how}`,
    apply({ query }: Draft) {
      if (query.length === 0) query.push(["path", text]);
      const [name, old] = query[at % query.length]!;
      if (how === "set") query[at % query.length] = [name, text];
      else if (how === "twice") query.push([name, at % 2 ? old : text]);
      else query.push([how === "list" ? `${name}[]` : how === "object" ? `${name}[$ne]` : name.toUpperCase(), text]);
    },
  }));

const inPath = fc.record({ at, text }).map(({ at, text }) => ({
  name: "segment",
  apply({ segments }: Draft) {
    segments[at % segments.length] = encoded(text).slice(0, 4_000);
  },
}));

const tricks = [
  "..",
  ".",
  "",
  "%2e%2e",
  "%2E",
  "%252e%252e",
  "%2f",
  "%5c",
  "%00",
  "%c0%ae%c0%ae",
  "%ef%bc%8e",
  "..;",
  "%ff",
  "%",
].concat(["\u00e9", "*", ":leaseId", "%u002e", "..%2f..%2fapi", "%2e%2e/%2e%2e", "%0d%0ax-evil:1", "__proto__"]);
const crooked = fc
  .record({ at, trick: fc.constantFrom(...tricks), how: fc.constantFrom("insert", "replace", "append") })
  .map(({ at, trick, how }) => ({
    name: `path ${how} ${trick}`,
    apply({ segments }: Draft) {
      const place = at % segments.length;
      if (how === "append") segments[place] += trick;
      else segments.splice(place, how === "replace" ? 1 : 0, trick);
    },
  }));
const suffix = fc
  .constantFrom("/", "//", "/.", "/%20", ";a=b", "?", "?&&==&", "#x", "?a=%zz", "/..", ".json", "%0a")
  .map((suffix) => ({
    name: `suffix ${suffix}`,
    apply(draft: Draft) {
      draft.suffix = suffix;
    },
  }));

const types = [
  "text/plain",
  "application/xml",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  "x",
  "",
]
  .concat([
    "application/json; charset=utf-16",
    "application/json;;",
    "application/jsonx",
    "application/merge-patch+json",
  ])
  .concat(["APPLICATION/JSON", "application/json, text/plain", "text/json", "application/json/../../x"]);
const headers: [string, string][] = [
  ...types.map((type): [string, string] => ["content-type", type]),
  ...["gzip", "br", "identity", "deflate, identity", "x"].map((coding): [string, string] => [
    "content-encoding",
    coding,
  ]),
  ["x-request-id", "a b"],
  ["x-request-id", "x".repeat(5_000)],
  ["x-http-method-override", "DELETE"],
  ["x-forwarded-for", "127.0.0.1, ::1, '\""],
  ["x-original-url", "/api/v1/projects"],
  ["host", ""],
  ["host", "elsewhere.invalid"],
  ["host", "a@b:c"],
  ["expect", "magic"],
  ["if-none-match", "*"],
  ["idempotency-key", "a b"],
  ["idempotency-key", "x".repeat(256)],
  ["idempotency-key", "again"],
  ["accept", "text/html"],
  ["range", "bytes=0-1"],
  ["cookie", "x".repeat(8_000)],
  ["x-long", "x".repeat(20_000)],
  ["connection", "close, x-request-id"],
  ["upgrade", "h2c"],
  ["origin", "https://elsewhere.invalid"],
];
const header = fc.constantFrom(...headers).map(([name, value]) => ({
  name: `${name}: ${value.slice(0, 40)}`,
  apply(draft: Draft) {
    draft.headers[name] = value;
  },
}));

const bodies = [
  "{",
  "",
  "null",
  "[]",
  '"x"',
  "1",
  "{'a':1}",
  '{"a":1,}',
  '{"a":NaN}',
  "\ufeff{}",
  '{"a":"\u0001"}',
  "{}{}",
  "<a/>",
]
  .concat([
    '{"__proto__":{"isAdmin":true}}',
    '{"constructor":{"prototype":{"a":1}}}',
    '{"path":"/","path":"/vault"}',
    "a=b&c=d",
  ])
  .concat([
    '"§deep:[:100000§"',
    '"§deep:{:50000§"',
    '"§wide:60000§"',
    '{"a":"§long:1048000§"}',
    '{"a":"§long:1048600§"}',
    '"§bytes§"',
  ])
  .concat(['{"projectSlug":"§projectSlug§","projectSlug":"§their.projectSlug§","environmentSlug":"prod","path":"/"}']);
const raw = fc.constantFrom(...bodies).map((text) => ({
  name: `body ${text.slice(0, 30)}`,
  apply(draft: Draft) {
    draft.text = text;
  },
}));

const method = fc
  .constantFrom("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "QUERY", "PROPFIND")
  .map((method) => ({
    name: `method ${method}`,
    apply(draft: Draft) {
      draft.method = method;
    },
  }));

const named = new Map([
  ...["projectId", "workspaceId"].map((name) => [name, "projectId"] as const),
  ...["projectSlug", "workspaceSlug"].map((name) => [name, "projectSlug"] as const),
  ...["path", "secretPath", "directory"].map((name) => [name, "path"] as const),
]);
const foreignNames = theirs.map((reference) => reference.slice("§their.".length, -1));

/** Every id, or one of them, is another project's. */
const foreign = fc.record({ at, all: fc.boolean() }).map(({ at, all }) => ({
  name: all ? "theirs" : "partly theirs",
  apply(draft: Draft) {
    const chosen = (index: number): boolean => all || index === at % 4;
    const their = (text: string): string =>
      text.replace(/§(\w+)§/, (own, name) => (foreignNames.includes(name) ? `§their.${name}§` : own));
    draft.segments = draft.segments.map((segment) => their(segment));
    draft.query = draft.query.map(([name, value], index) =>
      chosen(index) && named.has(name) ? [name, `§their.${named.get(name)}§`] : [name, their(value)],
    );
    spotsIn(draft.body).forEach(({ holder, key }, index) => {
      if (!chosen(index)) return;
      if (named.has(key) && typeof holder[key] === "string") holder[key] = `§their.${named.get(key)}§`;
      else if (typeof holder[key] === "string") holder[key] = their(holder[key]);
    });
  },
}));

/** One mutation. */
export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 24, arbitrary: inBody },
  { weight: 6, arbitrary: lost },
  { weight: 7, arbitrary: added },
  { weight: 3, arbitrary: whole },
  { weight: 12, arbitrary: inQuery },
  { weight: 10, arbitrary: inPath },
  { weight: 10, arbitrary: crooked },
  { weight: 4, arbitrary: suffix },
  { weight: 8, arbitrary: header },
  { weight: 6, arbitrary: raw },
  { weight: 3, arbitrary: method },
  { weight: 12, arbitrary: foreign },
);
