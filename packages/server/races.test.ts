/** Requests that meet what somebody else changes or deletes in the same moment. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Scene, scene } from "./testing/callers.ts";
import { stepGate, until } from "./testing/moments.ts";
import type { Heard } from "./testing/server.ts";

let at: Scene;
const gate = stepGate();

before(async () => {
  at = await scene({}, { step: gate.step });
});
after(() => at?.stop());

const dynamic = "/api/v1/dynamic-secrets";
const ask = (method: string, path: string, body?: unknown) =>
  at.server.call(method, path, { token: at.tokens.admin, body });

/** Asks while a deletion is under way that wins. */
async function whileDeleting(sql: string, id: string, requests: () => Promise<Heard>[]): Promise<Heard[]> {
  const { pool } = at.server.running.store;
  const client = await pool.connect();
  try {
    await client.query("begin");
    await client.query(sql, [id]);
    const asked = requests();
    await until(async () => {
      const { rows } = await pool.query("select 1 from pg_locks where not granted");
      return rows.length >= asked.length;
    });
    await client.query("commit");
    return await Promise.all(asked);
  } finally {
    client.release();
  }
}

test("what is written into something that goes away meanwhile is 404", async () => {
  const where = { ...at.loc, path: "/vanishing" };
  const made = await ask("POST", "/api/v1/folders", { ...at.loc, path: "/", name: "vanishing" });
  const inFolder = await whileDeleting("delete from folders where id = $1", made.body.folder.id, () => [
    ask("POST", "/api/v3/secrets/raw/LATE", { ...where, secretValue: "x" }),
    ask("POST", "/api/v1/folders", { ...where, name: "late" }),
    ask("POST", "/api/v3/secrets/raw/LATER", { ...where, path: "/vanishing/below", secretValue: "x" }),
  ]);
  const project = await ask("POST", "/api/v2/workspace", { projectName: "Short" });
  const { id } = project.body.project;
  const inProject = await whileDeleting("delete from projects where id = $1", id, () => [
    ask("POST", `/api/v1/workspace/${id}/environments`, { name: "Late", slug: "late" }),
    ask("POST", `/api/v2/workspace/${id}/identity-memberships/${at.leaseOnlyId}`, { roles: [{ role: "viewer" }] }),
  ]);
  const identity = await at.server.newIdentity();
  const ofIdentity = await whileDeleting("delete from identities where id = $1", identity.id, () => [
    ask("POST", `/api/v1/auth/universal-auth/identities/${identity.id}/client-secrets`, {}),
  ]);
  for (const heard of [...inFolder, ...inProject, ...ofIdentity]) {
    assert.equal(heard.status, 404, JSON.stringify(heard.body));
    assert.deepEqual(
      (await at.server.auditOf(heard.requestId)).map((row) => row.outcome),
      ["failed"],
    );
  }
});

test("of several changes of one dynamic secret at once each is made or told of the conflict", async () => {
  const path = `${dynamic}/postgres`;
  for (const data of [{ inputs: { renewStatement: "" } }, { defaultTTL: "30m" }]) {
    const before = (await ask("GET", `${path}?${at.query}`)).body.dynamicSecret.version;
    const heard = await Promise.all(Array.from({ length: 4 }, () => ask("PATCH", path, { ...at.loc, data })));
    const made = heard.filter(({ status }) => status === 200).length;
    assert.ok(made >= 1);
    for (const { status, body } of heard.filter(({ status }) => status !== 200)) {
      assert.equal(status, 409, JSON.stringify(body));
      assert.match(body.message, /came first: read it and try again/);
    }
    assert.equal((await ask("GET", `${path}?${at.query}`)).body.dynamicSecret.version, before + made);
  }
});

test("R13: no lease slips in behind the deletion of its identity", async () => {
  const late = await at.server.newIdentity();
  const role = { role: "lease-only", secrets: [{ environment: "prod", path: "/database", name: "postgres" }] };
  await ask("POST", `/api/v2/workspace/${at.projectId}/identity-memberships/${late.id}`, { roles: [role] });
  gate.at("t1.before", async () => {
    assert.equal((await ask("DELETE", `/api/v1/identities/${late.id}`)).status, 200);
  });
  const heard = await at.server.call("POST", `${dynamic}/leases`, {
    token: late.token,
    body: { ...at.loc, dynamicSecretName: "postgres" },
  });
  assert.equal(heard.status, 404, JSON.stringify(heard.body));
  const { rows } = await at.server.running.store.pool.query("select id from leases where actor_id = $1", [late.id]);
  assert.deepEqual(rows, []);
});
