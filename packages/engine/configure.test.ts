import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Draft, Engine } from "./api.ts";
import { InvalidInputs, RuleBroken, TargetRefused } from "./errors.ts";
import { plainly, type Rig, rig } from "./testing/engine.ts";

let all: Rig;
let engine: Engine;
before(async () => {
  all = await rig();
  engine = all.engine();
});
after(() => all.stop());

function save(draft: Draft) {
  return engine.create(all.caller(), all.place, draft, plainly);
}

async function refused(draft: Draft, kind: new (...args: never[]) => Error, says: RegExp): Promise<void> {
  await assert.rejects(save(draft), (error: Error) => {
    assert.ok(error instanceof kind, `${error.name}: ${error.message}`);
    assert.match(error.message, says);
    assert.ok(!error.message.includes(all.admin.password), "no secret is echoed");
    return true;
  });
  await assert.rejects(engine.get(all.place, draft.name, "none"), { name: "NotFound" });
}

test("an answer carries the inputs without the admin password, unless root credentials were asked for", async () => {
  const draft = all.draft();
  const plain = await save(draft);
  assert.equal(plain.inputs?.host, all.host);
  assert.equal("password" in plain.inputs!, false);
  assert.equal((await engine.get(all.place, draft.name, "root")).inputs?.password, all.admin.password);
  assert.equal((await engine.get(all.place, draft.name, "none")).inputs, undefined);
  assert.equal(
    (await engine.list(all.place)).some((one) => "inputs" in one),
    false,
  );
});

test("S13: the admin password is nowhere in the database as it is", async () => {
  await save(all.draft());
  const { rows } = await all.store.pool.query("select inputs from config_versions");
  for (const { inputs } of rows) assert.ok(!inputs.includes(all.admin.password));
});

test("faults of a statement are one sentence", async () => {
  const create = (creationStatement: string) => all.draft({}, { creationStatement });
  await refused(create("CREATE ROLE \"{{user}}\" PASSWORD '{{password}}'"), RuleBroken, /user/);
  await refused(create("CREATE ROLE \"x\" PASSWORD '{{password}}'"), RuleBroken, /username/);
  await refused(create("CREATE ROLE \"{{username}} PASSWORD '{{password}}'"), RuleBroken, /quot/i);
  await refused(all.draft({}, { revocationStatement: "DROP ROLE x" }), RuleBroken, /username/);
});

test("K06: password rules under 128 bits are refused", async () => {
  const weak = { length: 8, required: { lowercase: 1, uppercase: 1, digits: 1, symbols: 0 } };
  await refused(all.draft({}, { passwordRequirements: weak }), InvalidInputs, /128/);
});

test("an unknown type names those that are known", async () => {
  await refused(all.draft({ type: "sql-databas" }), InvalidInputs, /sql-database/);
});

test("TTLs, templates and names are checked before the target is asked", async () => {
  const nowhere = { host: "127.0.0.1", port: 1 };
  await refused(all.draft({ defaultTtl: { text: "5h", seconds: 18_000 } }, nowhere), InvalidInputs, /5h.*4h/);
  await refused(all.draft({ usernameTemplate: "{{identity.nam}}" }, nowhere), InvalidInputs, /identity\.nam/);
  await refused(all.draft({ name: "leases" }, nowhere), InvalidInputs, /leases/);
});

test("an unreachable target, a wrong password and an unknown database are refused with what to look at", async () => {
  await refused(all.draft({}, { port: 1 }), TargetRefused, /127\.0\.0\.1:1/);
  await refused(all.draft({}, { password: "wrong" }), TargetRefused, /authenticate/);
  await refused(all.draft({}, { database: "nowhere" }), TargetRefused, /database/);
  await refused(all.draft({}, { sslEnabled: true }), TargetRefused, /TLS/i);
});

test("an admin with only CREATE on database and schema is refused with the SQL that is missing, and passes after it", async () => {
  await all.witness.query("create role small login password 'pw'");
  await all.witness.query("grant create on database orders to small");
  await all.witness.query("grant usage, create on schema public to small");
  const draft = all.draft({}, { username: "small", password: "pw" });
  let fix = "";
  await assert.rejects(save(draft), (error: Error) => {
    assert.ok(error instanceof TargetRefused);
    fix = error.fix ?? "";
    assert.match(fix, /CREATEROLE/);
    assert.ok(error.message.includes(fix));
    return true;
  });
  // Each save may bring the next thing that is missing to light.
  for (let pasted = 0; pasted < 4; pasted += 1) {
    await all.witness.query(fix);
    try {
      await save(draft);
      break;
    } catch (error) {
      assert.ok(error instanceof TargetRefused && error.fix && error.fix !== fix, String(error));
      fix = error.fix;
    }
  }
  assert.equal((await engine.get(all.place, draft.name, "none")).name, draft.name);
  assert.deepEqual(
    (await all.roles()).filter((role) => role !== "small"),
    [],
    "verifying left nothing",
  );
});

test("a name is taken once, in whatever case", async () => {
  const draft = all.draft();
  await save(draft);
  await assert.rejects(save(all.draft({ name: draft.name.toUpperCase() })), /already exists under the folder/);
});

test("an edit is a new version: new leases use it, old ones keep theirs", async () => {
  const draft = all.draft();
  await save(draft);
  const options = () => ({ ttlSeconds: null, config: {}, arrivedAt: performance.now() });
  const old = await engine.issue(all.caller(), all.place, draft.name, options());
  await engine.update(all.caller(), all.place, draft.name, { defaultTtl: { text: "1h", seconds: 3_600 } }, "none");
  const next = await engine.issue(all.caller(), all.place, draft.name, options());
  assert.equal(next.lease.expireAt.getTime() - next.lease.createdAt.getTime(), 3_600_000);
  const { lease } = await engine.lease(all.place, old.lease.id);
  assert.equal(lease.expireAt.getTime() - lease.createdAt.getTime(), 7_200_000);
  for (const { lease } of [old, next]) await engine.revoke(all.caller(), all.place, lease.id);
});

test("S08: a host, port or TLS changed without the password is refused, and nothing goes to the new host", async () => {
  const draft = all.draft();
  await save(draft);
  for (const inputs of [{ host: "localhost" }, { port: 1 }, { sslRejectUnauthorized: false }, { username: "other" }]) {
    await assert.rejects(
      engine.update(all.caller(), all.place, draft.name, { inputs }, "none"),
      (error: Error) => error instanceof InvalidInputs && /give it again/.test(error.message),
    );
  }
});
