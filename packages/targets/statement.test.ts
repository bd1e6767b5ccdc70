import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { TargetError } from "./define.ts";
import { readStatement, statement } from "./statement.ts";

const VARIABLES = ["username", "password", "expiration", "database"] as const;
const read = (text: string) => readStatement(text, VARIABLES, { needs: ["username", "password"] });
const plain = (text: string, value: string) =>
  readStatement(text, ["username"], { needs: ["username"] })({ username: value });
const values = { username: "u", password: "p", expiration: "e", database: "d" };

describe("a statement", () => {
  test("is filled in by the context of each placeholder", () => {
    const hostile = { ...values, username: `a"b'c\\`, password: `p'q"r\\s` };
    assert.equal(
      read(`CREATE ROLE "{{username}}" PASSWORD '{{password}}' COMMENT E'{{password}}'`)(hostile),
      `CREATE ROLE "a""b'c\\" PASSWORD 'p''q"r\\s' COMMENT E'p''q"r\\\\s'`,
    );
  });

  test("is filled in once: a value is never read again", () => {
    const sly = { ...values, username: "{{password}}", password: "{{username}} $& $1 $$ $`" };
    assert.equal(read(`"{{username}}" '{{password}}'`)(sly), `"{{password}}" '{{username}} $& $1 $$ $\`'`);
  });

  test("takes the verifier in PASSWORD '{{password}}' and the password everywhere else", () => {
    const sql = read(`CREATE ROLE "{{username}}" PASSWORD '{{password}}'; SELECT '{{password}}', 'x{{password}}'`);
    assert.equal(sql(values, { verifier: "V" }), `CREATE ROLE "u" PASSWORD 'V'; SELECT 'p', 'xp'`);
  });

  test("takes a bare value only when it is a plain word", () => {
    assert.equal(plain("ALTER ROLE {{username}} LOGIN", "abc_1"), "ALTER ROLE abc_1 LOGIN");
    for (const value of ["Abc", "a-b", "a b", "1a", "", "public", "current_user", "a;b", "é"]) {
      assert.throws(
        () => plain("ALTER ROLE {{username}} LOGIN", value),
        (error: unknown) => {
          assert.ok(error instanceof TargetError);
          assert.match(error.message, /put it in quotes/);
          return true;
        },
      );
    }
  });

  test("takes no NUL and no half character, in a value or in itself", () => {
    for (const value of ["a\0b", "a\ud800"]) assert.throws(() => plain(`"{{username}}"`, value), TargetError);
    assert.throws(() => plain(`"\0{{username}}"`, "a"), /NUL/);
  });

  test("gives one of its parts, filled in alone", () => {
    const sql = read(`CREATE ROLE "{{username}}" PASSWORD '{{password}}';\n  GRANT a TO "{{username}}";`);
    assert.equal(sql.only(1)(values), `GRANT a TO "u"`);
  });

  const refused: [string, string, RegExp][] = [
    [
      "an unknown placeholder",
      `SELECT '{{user}}'`,
      /Unknown placeholder \{\{user\}\}; known are \{\{username\}\}, .*\(line 1, column 9\)$/,
    ],
    ["no username", `SELECT '{{password}}'`, /never uses \{\{username\}\}/],
    ["no password", `SELECT '{{username}}'`, /never uses \{\{password\}\}/],
    ["an open quote", `SELECT '{{username}}`, /The quote ' is never closed \(line 1, column 8\)$/],
    ["only a comment", "-- nothing", /empty/],
    ["more than 16 KiB", `${"-".repeat(16_400)}\n`, /longer than 16 KiB/],
    ["a property of every object", `'{{constructor}}' '{{__proto__}}'`, /Unknown placeholder \{\{constructor\}\}/],
  ];
  for (const [what, text, message] of refused) {
    test(`with ${what} is an issue of its field, marked as a statement's fault`, () => {
      const field = statement(VARIABLES, { needs: ["username", "password"], meta: { title: "Creation", order: 1 } });
      const { error } = z.object({ creationStatement: field }).safeParse({ creationStatement: text });
      const [issue, ...others] = error!.issues as { message: string; path: unknown; params: unknown }[];
      assert.deepEqual(others, []);
      assert.match(issue!.message, message);
      assert.deepEqual(issue!.path, ["creationStatement"]);
      assert.deepEqual(issue!.params, { fault: "statement" });
    });
  }

  test("keeps every value inside its quotes, whatever it holds", () => {
    const nasty = fc.string({
      unit: fc.constantFrom("'", '"', "\\", ";", "-", "/", "*", "$", "{", "}", "a", "\n", "é"),
    });
    const sql = readStatement(`SELECT '{{username}}', "{{username}}", E'{{username}}' ;`, ["username"], { needs: [] });
    fc.assert(
      fc.property(nasty, (value) => {
        fc.pre(value !== "");
        const [rest, literal, name, escaped] = unquote(sql({ username: value }));
        assert.equal(rest, "SELECT , ,  ;");
        assert.deepEqual([literal, name, escaped], [value, value, value]);
      }),
      { numRuns: 1000 },
    );
  });
});

/** Reads the three quotings back, by a way of its own. */
function unquote(sql: string): string[] {
  const found: string[] = [];
  const rest = sql.replace(
    /E'((?:\\.|''|[^'\\])*)'|'((?:''|[^'])*)'|"((?:""|[^"])*)"/gs,
    (_, escaped, literal, name) => {
      if (escaped !== undefined)
        found.push(escaped.replace(/\\(.)|''/gs, (pair: string, char?: string) => char ?? pair[0]));
      else found.push(literal !== undefined ? literal.replaceAll("''", "'") : name.replaceAll('""', '"'));
      return "";
    },
  );
  return [rest, ...found];
}
