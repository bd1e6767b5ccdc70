import assert from "node:assert/strict";
import { describe as group, test } from "node:test";
import { describe, secretFields, targets } from "./index.ts";

group("the description", () => {
  test("of sql-database is what its form needs, in its order", () => {
    const { type, title, fields } = describe(targets["sql-database"]!);
    assert.deepEqual([type, title], ["sql-database", "SQL database"]);
    assert.deepEqual(
      fields.map(
        ({ name, kind, required, secret }) => `${name} ${kind}${required ? " required" : ""}${secret ? " secret" : ""}`,
      ),
      [
        "client choice required",
        "host text required",
        "port number required",
        "database text required",
        "username text required",
        "password text required secret",
        "creationStatement statement required",
        "revocationStatement statement required",
        "renewStatement statement",
        "ca text",
        "sslEnabled switch",
        "sslRejectUnauthorized switch",
        "passwordRequirements group",
        "readiness choice",
        "scramIterations number",
        "passwordFormat choice",
        "onOwned choice",
        "gatewayId text",
      ],
    );
    const rounds = fields.find(({ name }) => name === "scramIterations")!;
    assert.equal(rounds.default, 4096);
    assert.match(rounds.help!, /JDBC/);
    assert.deepEqual(fields.find(({ name }) => name === "revocationStatement")!.variables, ["username", "database"]);
  });

  test("names exactly the secret inputs", () => {
    assert.deepEqual(secretFields(targets["sql-database"]!), ["password"]);
  });

  test("is plain data", () => {
    for (const target of Object.values(targets)) {
      const described = describe(target);
      assert.deepEqual(JSON.parse(JSON.stringify(described)), described);
    }
  });

  test("stands under the target's own name", () => {
    for (const [name, target] of Object.entries(targets)) assert.equal(target.type, name);
  });
});
