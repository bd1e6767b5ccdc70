import assert from "node:assert/strict";
import { after, test } from "node:test";
import { postgres15, postgres18 } from "../../../scripts/servers/postgres.ts";
import { loopback, ordersBench, startOrders } from "../testing/orders.ts";
import { testTarget } from "../testing/test-target.ts";
import sqlDatabase from "./index.ts";

const plain = startOrders({ start: postgres18 });
const encrypted = startOrders({ start: () => postgres15({ tls: true }) });
after(async () => {
  for (const orders of await Promise.allSettled([plain, encrypted])) {
    if (orders.status === "fulfilled") await orders.value.stop();
  }
});

for (const [version, orders] of [
  ["PostgreSQL 18", plain],
  ["PostgreSQL 15 with TLS", encrypted],
] as const) {
  for (const who of ["superuser", "admin"] as const) {
    testTarget(sqlDatabase, `${version} as ${who}`, async () => ordersBench(await orders, (await orders)[who]));
  }
}

test("a line with TLS is verified by the authority of the config, and not taken without", async () => {
  const config = sqlDatabase.config.parse((await encrypted).admin);
  const session = await sqlDatabase.connect(config, loopback());
  for await (const { step, outcome, message } of sqlDatabase.verify(session, config)) {
    if (step !== "tls") continue;
    assert.deepEqual([outcome, message], ["passed", "Encrypted; the certificate is verified by `ca`"]);
  }
  assert.equal(session.tls, "verified");
  await sqlDatabase.close(session);
  const without = { ...config, ca: undefined };
  await assert.rejects(sqlDatabase.connect(without, loopback()), { step: "tls" });
  const unchecked = await sqlDatabase.connect({ ...without, sslRejectUnauthorized: false }, loopback());
  assert.equal(unchecked.tls, "unverified");
  await sqlDatabase.close(unchecked);
});
