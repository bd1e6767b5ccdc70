import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Placeholder, readScript, StatementFault } from "./lexer.ts";

const found = (text: string) =>
  readScript(text).pieces.filter((piece): piece is Placeholder => typeof piece !== "string");
const context = (text: string) => found(text).map((piece) => piece.context);
const heads = (text: string) => readScript(text).statements.map(({ words }) => words[0]);

describe("the lexer", () => {
  test("a placeholder keeps the context it stands in", () => {
    assert.deepEqual(context(`'{{a}}' "{{b}}" {{c}} E'{{d}}' e'\\'{{e}}' N'{{f}}'`), [
      "literal",
      "name",
      "bare",
      "escaped literal",
      "escaped literal",
      "literal",
    ]);
  });

  test("quotes end where PostgreSQL ends them", () => {
    assert.deepEqual(context(`'it''s {{a}}' '\\' {{b}} "x""{{c}}"`), ["literal", "bare", "name"]);
    assert.deepEqual(context(`E'a\\'{{a}}' {{b}}`), ["escaped literal", "bare"]);
    assert.deepEqual(context(`E'a'\n'{{a}}'`), ["escaped literal"]);
    assert.deepEqual(context(`fooE'{{a}}'`), ["literal"]);
  });

  test("a placeholder that fills a literal knows the word before it", () => {
    const alone = (text: string) => found(text)[0]?.alone;
    assert.equal(alone("PASSWORD '{{password}}'"), "PASSWORD");
    assert.equal(alone("encrypted password E'{{ password }}'"), "PASSWORD");
    assert.equal(alone("PASSWORD 'x{{password}}'"), undefined);
    assert.equal(alone("PASSWORD '{{password}}'''"), undefined);
    assert.equal(alone(`PASSWORD "{{password}}"`), undefined);
    assert.equal(alone("'PASSWORD' '{{password}}'"), "'");
    assert.equal(alone("-- PASSWORD\n '{{password}}'"), undefined);
  });

  test("statements end at semicolons outside quotes, comments and function bodies", () => {
    assert.deepEqual(heads(`CREATE ROLE a; GRANT "a;b" TO 'c;d' /* ; /* ; */ ; */ ; -- ;\n DO $x$ ; $$ ; $x$;;`), [
      "CREATE",
      "GRANT",
      "DO",
    ]);
    const body =
      "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; DROP ROLE a";
    assert.deepEqual(heads(body), ["CREATE", "DROP"]);
    assert.deepEqual(heads("SELECT $1; SELECT a$b$c; SELECT $b$;$b$"), ["SELECT", "SELECT", "SELECT"]);
    assert.deepEqual(heads(" ; -- nothing"), []);
  });

  test("what cannot be read is one sentence with its place", () => {
    const faults: [string, RegExp][] = [
      ["SELECT 1;\nSELECT 'abc", /^The quote ' is never closed \(line 2, column 8\)$/],
      ['SELECT "abc', /^The quote " is never closed \(line 1, column 8\)$/],
      ["SELECT E'abc\\'", /^The quote ' is never closed/],
      ["DO $body$ x $bodi$", /^The quote \$body\$ is never closed \(line 1, column 4\)$/],
      ["SELECT 1 /* a /* b */", /^The comment that starts with \/\* is never closed \(line 1, column 10\)$/],
      ["SELECT '{{username'", /^The placeholder that starts with \{\{ is never closed with \}\} \(line 1, column 9\)$/],
      ["DO $$ {{username}} $$", /^A placeholder cannot stand in dollar quotes.* \(line 1, column 7\)$/],
      ["SELECT 1 -- {{username}}", /^A placeholder cannot stand in a comment.* \(line 1, column 13\)$/],
      ["/* /* */ {{username}} */", /^A placeholder cannot stand in a comment/],
      ["SELECT U&'{{username}}'", /^A placeholder cannot stand in U&/],
      ["SELECT B'{{username}}'", /^A placeholder cannot stand in B'…'/],
      ["ALTER ROLE x{{username}}", /^A placeholder outside quotes must stand apart.* \(line 1, column 13\)$/],
      ["SELECT {{username}}'x'", /must stand apart/],
      ["SELECT {{username}}{{password}}", /must stand apart/],
    ];
    for (const [text, message] of faults) {
      assert.throws(
        () => readScript(text),
        (error: unknown) => {
          assert.ok(error instanceof StatementFault, text);
          assert.match(error.message, message);
          return true;
        },
      );
    }
  });

  test("a long text of openings is read in linear time", () => {
    const from = performance.now();
    for (const text of ["$a$b", "/*", "{{", "E'", "'", "--", "$"]) {
      try {
        readScript(text.repeat(8000));
      } catch {}
    }
    assert.ok(performance.now() - from < 1500);
  });
});
