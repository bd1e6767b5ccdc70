/** D15: an admin's password that lies in a static secret. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are what this is about
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { environments, folders, secrets } from "@dayfly/store";
import type { Engine } from "./api.ts";
import { type Rig, rig, until } from "./testing/engine.ts";

let all: Rig;
let engine: Engine;
before(async () => {
  all = await rig();
  engine = all.engine();
  await write("ADMIN_PASSWORD", all.admin.password);
});
after(() => all?.stop());

const anyone = { shown: "root", mayMakeFolder: true, mayRead: () => true } as const;
const ttl = { ttlSeconds: 3_600, config: {} };

async function admins(): Promise<folders.Folder> {
  const { id } = await environments.bySlug(all.store, all.place.projectId, "prod");
  const home = { projectId: all.place.projectId, environmentId: id };
  return all.store.transaction((tx) => folders.ensure(tx, home, "/database/admins"));
}

async function write(key: string, value: string): Promise<void> {
  const folder = await admins();
  await all.store.transaction(async (tx) => {
    const spot = { environment: "prod", path: folder.path, key };
    if (await secrets.at(tx, all.place.projectId, spot)) await secrets.update(tx, folder, key, { value });
    else await secrets.create(tx, folder, key, { value });
  });
}

async function remove(key: string): Promise<void> {
  const folder = await admins();
  await all.store.transaction((tx) => secrets.remove(tx, folder, key));
}

const referring = (key: string, inputs = {}) =>
  all.draft({}, { password: `\${prod.database.admins.${key}}`, ...inputs });

function issue(name: string, by: Engine = engine) {
  return by.issue(all.caller(), all.place, name, { ...ttl, arrivedAt: performance.now() });
}

test("a password given as a reference leases, is shown as the reference, and is sealed wherever it is kept", async () => {
  const draft = referring("ADMIN_PASSWORD");
  const made = await engine.create(all.caller(), all.place, draft, anyone);
  assert.equal(made.inputs?.password, "${prod.database.admins.ADMIN_PASSWORD}");
  const { lease, data } = await issue(draft.name);
  await (await all.login(data)).end();
  await engine.revoke(all.caller(), all.place, lease.id);
  const { rows } = await all.store.pool.query("select c::text as text from config_versions c");
  const text = JSON.stringify(rows);
  assert.ok(!text.includes(all.admin.password) && !text.includes(Buffer.from(all.admin.password).toString("hex")));
});

test("whoever may not read the secret saves no reference to it, and is told what is told of one that is not there", async () => {
  const asked: string[] = [];
  const mayRead = ({ environment, path, key }: { environment: string; path: string; key: string }) => {
    asked.push(`${environment} ${path} ${key}`);
    return false;
  };
  const say = async (key: string, options: object) => {
    const draft = referring(key);
    const error: Error = await engine.create(all.caller(), all.place, draft, { ...anyone, ...options }).then(
      () => assert.fail("it was saved"),
      (cause) => cause,
    );
    assert.equal(error.name, "InvalidInputs");
    return error.message.replace(key, "KEY");
  };
  const forbidden = await say("ADMIN_PASSWORD", { mayRead });
  assert.deepEqual(asked, ["prod /database/admins ADMIN_PASSWORD"]);
  assert.equal(await say("NOT_THERE", {}), forbidden);
  assert.equal(await say("ADMIN_PASSWORD", { mayRead: undefined }), forbidden, "nobody may, unless it is said");
  assert.ok(!forbidden.includes(all.admin.password));
});

test("whoever may not read the secret sends it to no other host, nor changes any input beside it", async () => {
  const draft = referring("ADMIN_PASSWORD");
  await engine.create(all.caller(), all.place, draft, anyone);
  const update = (inputs: Record<string, unknown>, mayRead: () => boolean) =>
    engine.update(all.caller(), all.place, draft.name, { inputs }, "none", mayRead);
  const password = "${prod.database.admins.ADMIN_PASSWORD}";
  await assert.rejects(
    update({ host: "localhost", password }, () => false),
    { name: "InvalidInputs" },
  );
  await assert.rejects(
    update({ database: "store" }, () => false),
    { name: "InvalidInputs" },
  );
  await update({ host: "localhost", password }, () => true);
  const { lease } = await issue(draft.name);
  await engine.revoke(all.caller(), all.place, lease.id);
});

test("a value is taken as it is: what it refers to itself is not followed", async () => {
  await write("INDIRECT", "${prod.database.admins.ADMIN_PASSWORD}");
  await assert.rejects(engine.create(all.caller(), all.place, referring("INDIRECT"), anyone), {
    name: "TargetRefused",
  });
});

test("a password that is no whole reference is the password", async () => {
  for (const password of ["${ADMIN_PASSWORD}", "x${prod.database.admins.ADMIN_PASSWORD}", "${"]) {
    const draft = all.draft({}, { password });
    await assert.rejects(engine.create(all.caller(), all.place, draft, anyone), { name: "TargetRefused" }, password);
  }
});

test("a password that is changed in the target and in the secret is met at the next use", async () => {
  const draft = referring("ADMIN_PASSWORD");
  await engine.create(all.caller(), all.place, draft, anyone);
  const before = await issue(draft.name);
  const changed = randomBytes(12).toString("hex");
  await all.witness.query(`alter role ${all.admin.user} password '${changed}'`);
  await all.witness.query("select pg_terminate_backend(pid) from pg_stat_activity where usename = $1", [
    all.admin.user,
  ]);
  await write("ADMIN_PASSWORD", changed);
  all.admin.password = changed;
  await until(async () => {
    const leased = await issue(draft.name).catch(() => null);
    if (leased) await engine.revoke(all.caller(), all.place, leased.lease.id);
    return leased !== null;
  }, "a lease with the new password");
  await engine.revoke(all.caller(), all.place, before.lease.id);
});

test("a secret that is deleted makes no more leases, and those that live are ended with what it held last", async () => {
  await write("DOOMED", all.admin.password);
  const draft = referring("DOOMED");
  await engine.create(all.caller(), all.place, draft, anyone);
  const { lease, data } = await issue(draft.name);
  await remove("DOOMED");
  const next = all.engine();
  await assert.rejects(issue(draft.name, next), /the secret prod:\/database\/admins:DOOMED that the input 'password'/);
  await next.revoke(all.caller(), all.place, lease.id);
  assert.ok(!(await all.roles()).includes(data.DB_USERNAME!));
});
