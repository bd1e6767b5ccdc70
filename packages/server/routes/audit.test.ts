import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type TestServer, testServer } from "../testing/server.ts";

let server: TestServer;
before(async () => {
  server = await testServer();
});
after(() => server.stop());

const verify = () => server.call("GET", "/api/v1/audit-logs/verify", { token: server.admin });

test("A02: an untouched trail verifies, and a row with one changed byte is named", async () => {
  const { body } = await verify();
  assert.equal(body.ok, true);
  assert.ok(body.rows + body.unlinked >= 2, "the first start and the login have rows");
  const { pool } = server.running.store;
  const { rows } = await pool.query(
    "update audit_events set body = replace(body, 'bootstrap', 'bootstrop') where body like '%bootstrap%' returning id",
  );
  const broken = await verify();
  assert.equal(broken.status, 200);
  assert.equal(broken.body.ok, false);
  assert.ok(rows.some((row) => row.id === broken.body.firstBreak.eventId));
});
