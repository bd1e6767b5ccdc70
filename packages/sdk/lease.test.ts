import assert from "node:assert/strict";
import { test } from "node:test";
import { format, inspect } from "node:util";
import { Lease } from "./lease.ts";
import { issued, leaseId } from "./testing/server.ts";

const lease = new Lease(issued);

test("a lease gives its credential to who asks for it", () => {
  assert.equal(lease.username, "u");
  assert.equal(lease.password, "canary-4711");
  assert.equal(lease.leaseId, leaseId);
  assert.equal(lease.expiresAt.toISOString(), "2026-01-31T14:00:00.000Z");
  assert.equal(lease.credentials.password, "canary-4711");
  assert.equal(JSON.parse(JSON.stringify(lease.credentials)).data.DB_PASSWORD, "canary-4711");
});

test("no way of printing a lease by accident holds its credential", () => {
  const printed = [
    String(lease),
    `${lease}`,
    JSON.stringify(lease),
    JSON.stringify({ deep: [lease] }),
    inspect(lease),
    inspect({ deep: { deeper: lease } }, { depth: 9, showHidden: true }),
    format("%s %o %O %j", lease, lease, lease, lease),
    JSON.stringify({ ...lease }),
    JSON.stringify(structuredClone({ ...lease })),
  ];
  for (const text of printed) assert.ok(!text.includes("canary-4711"), text);
  assert.match(String(lease), /not shown/);
});

test("a target without account names gives its own parts only", () => {
  const token = new Lease({ ...issued, data: { TOKEN: "t" } });
  assert.equal(token.username, undefined);
  assert.deepEqual(token.credentials, {
    leaseId,
    expiresAt: "2026-01-31T14:00:00.000Z",
    data: { TOKEN: "t" },
  });
});
