import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SEED } from "../testing/orders.ts";
import { inputs } from "./inputs.ts";

const BASE = {
  client: "postgres",
  host: " DB.Example ",
  port: 5432,
  database: "orders",
  username: "admin",
  password: "secret",
  ...SEED,
};
const issues = (change: Record<string, unknown>) =>
  (inputs.safeParse({ ...BASE, ...change }).error?.issues ?? []) as {
    path: unknown[];
    message: string;
    params?: unknown;
  }[];

describe("the inputs of a SQL database", () => {
  test("are taken as the official provider sends them", () => {
    const config = inputs.parse({ ...BASE, renewStatement: "", ca: "", gatewayId: "", unknown: 1 });
    assert.equal(config.host, "db.example");
    assert.deepEqual([config.renewStatement, config.ca, config.gatewayId], [undefined, undefined, undefined]);
    assert.equal(config.sslEnabled, undefined);
    assert.equal(config.sslRejectUnauthorized, true);
    assert.equal(config.scramIterations, 4096);
    assert.ok(!("unknown" in config));
  });

  for (const [client, message] of [
    ["mysql2", /^client `mysql2` is planned, not supported yet; supported: postgres$/],
    ["mssql", /^client `mssql` is planned, not supported yet; supported: postgres$/],
    ["vertica", /^client `vertica` is not supported; supported: postgres$/],
  ] as const) {
    test(`refuse the client ${client} and say what there is`, () => {
      const [issue] = issues({ client });
      assert.match(issue!.message, message);
      assert.deepEqual(issue!.params, { fault: "unsupported" });
    });
  }

  test("refuse a gateway", () => {
    assert.match(issues({ gatewayId: "gw-1" })[0]!.message, /gateways are not supported/);
  });

  test("refuse a host that is a path, an address with a path, or empty", () => {
    for (const host of ["/var/run/postgresql", "db/x", "a b", "user@db", "", "  ", "db?x"]) {
      assert.deepEqual(issues({ host })[0]?.path, ["host"], host);
    }
  });

  test("refuse a port that is none", () => {
    for (const port of ["5432", 0, 65536, 1.5, Number.NaN, null]) assert.deepEqual(issues({ port })[0]?.path, ["port"]);
  });

  test("refuse statements that would end the one transaction", () => {
    for (const word of ["COMMIT", "BEGIN", "rollback", "START TRANSACTION", "SAVEPOINT a", "PREPARE TRANSACTION 'a'"]) {
      const [issue] = issues({ creationStatement: `${SEED.creationStatement}; ${word}` });
      assert.match(
        issue!.message,
        /cannot be used: the statements already run as one transaction \(line 5, column 7\)/,
      );
      assert.deepEqual(issue!.params, { fault: "statement" });
    }
  });
});
