import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { startOrders } from "./testing/orders.ts";
import { makeProject } from "./testing/project.ts";
import { startServer } from "./testing/server.ts";

const bin = fileURLToPath(new URL("../bin", import.meta.url));

const orders = await startOrders();
after(() => orders.stop());
const server = await startServer();
after(() => server.remove());
const project = await makeProject(server, orders);
const home = mkdtempSync(join(tmpdir(), "dayfly-home-"));
after(() => rmSync(home, { recursive: true, force: true }));

interface Shell {
  code: number;
  stdout: string;
  stderr: string;
}

/** A line as somebody types it, in a shell that was given only what `demo.env` exports. */
function shell(line: string, env: Record<string, string> = {}): Promise<Shell> {
  return new Promise((resolve) => {
    const given = {
      PATH: `${bin}:${process.env.PATH}`,
      HOME: home,
      INFISICAL_DOMAIN: server.url,
      INFISICAL_UNIVERSAL_AUTH_CLIENT_ID: server.bootstrap.identity.clientId,
      INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET: server.bootstrap.identity.clientSecret,
      INFISICAL_PROJECT_ID: project.id,
      PGHOST: orders.host,
      PGPORT: String(orders.port),
      PGDATABASE: orders.database,
      ...env,
    };
    execFile("/bin/sh", ["-c", line], { env: given, cwd: home, timeout: 30_000 }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
    );
  });
}

async function succeeds(line: string, env?: Record<string, string>): Promise<string> {
  const { code, stdout, stderr } = await shell(line, env);
  assert.equal(code, 0, `${line}\n${stdout}${stderr}`);
  return stdout;
}

test("the seed's lines store the admin credentials and never print them back", async () => {
  const user = await succeeds("infisical secrets set DB_ADMIN_USER=postgres --env=prod --path=/database/admin");
  assert.match(user, /DB_ADMIN_USER/);
  assert.match(user, /SECRET CREATED/);
  const line = "infisical secrets set DB_ADMIN_PASS=your-admin-password --env=prod --path=/database/admin";
  assert.ok(!(await succeeds(line)).includes("your-admin-password"));
  assert.match(await succeeds(line), /UNCHANGED/);
  const get = "infisical secrets get DB_ADMIN_USER --plain --env=prod --path=/database/admin";
  assert.equal((await succeeds(get)).trim(), "postgres");
});

test("the seed's line for a credential prints the seed's JSON, and psql works with it", async () => {
  const printed = await succeeds("infisical secrets get --path=/database/dynamic --env=prod");
  const credential = JSON.parse(printed);
  assert.deepEqual(Object.keys(credential), ["username", "password", "expires_at"]);
  assert.match(credential.expires_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  const left = new Date(credential.expires_at).getTime() - Date.now();
  assert.ok(Math.abs(left - 7_200_000) < 10_000, "two hours are left");

  const as = { PGUSER: credential.username, PGPASSWORD: credential.password };
  assert.equal((await succeeds("psql -Atc 'select count(*) > 0 from orders'", as)).trim(), "t");
  const insert = await shell("psql -c 'insert into orders (customer_id, total) values (1, 1)'", as);
  assert.notEqual(insert.code, 0);
  assert.match(insert.stderr, /permission denied for table orders/);
});

test("dayfly is the same program as infisical", async () => {
  const [lease] = JSON.parse(
    await succeeds(
      "dayfly dynamic-secrets lease list postgres-readonly-access --path=/database/dynamic --env=prod -o json",
    ),
  );
  await succeeds(`dayfly dynamic-secrets lease revoke ${lease.id} --path=/database/dynamic --env=prod`);
  await orders.settled([]);
});

test("a TTL changed by the CLI holds for the next lease, and earlier leases keep theirs", async () => {
  const at = "--path=/database/dynamic --env=prod";
  const old = await project.lease();
  await succeeds(`infisical dynamic-secrets update postgres-readonly-access --default-ttl 30m ${at}`);
  const asked = Date.now();
  const lease = JSON.parse(await succeeds("infisical secrets get --path=/database/dynamic --env=prod"));
  assert.ok(Math.abs(new Date(lease.expires_at).getTime() - asked - 1_800_000) < 10_000, "30 minutes");
  const kept = (await project.leases()).find(({ id }) => id === old.id);
  assert.equal(new Date(kept.expireAt).getTime(), old.expireAt.getTime());
});

test("leases are made, listed, renewed and revoked by the CLI", async () => {
  const at = "--path=/database/dynamic --env=prod";
  const before = new Set((await project.leases()).map(({ id }) => id));
  const made = JSON.parse(
    await succeeds(`infisical dynamic-secrets lease create postgres-readonly-access --ttl 1h ${at} -o json`),
  );
  assert.deepEqual(Object.keys(made), ["DB_USERNAME", "DB_PASSWORD"]);
  const lease = (await project.leases()).find(({ id }) => !before.has(id));
  assert.equal(lease.externalEntityId, made.DB_USERNAME);
  await succeeds(`infisical dynamic-secrets lease renew ${lease.id} --ttl 30m ${at}`);
  const renewed = (await project.leases()).find(({ id }) => id === lease.id);
  assert.equal(new Date(renewed.expireAt).getTime(), new Date(lease.expireAt).getTime() + 1_800_000);
  await succeeds(`infisical dynamic-secrets lease delete ${lease.id} ${at}`);
  assert.equal(await orders.login({ username: made.DB_USERNAME, password: made.DB_PASSWORD }), "refused");
});

test("without a sign-in, and for what is not there, the CLI says so by its exit code", async () => {
  const line = "infisical secrets get --path=/database/dynamic --env=prod";
  assert.equal((await shell(line, { INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET: "" })).code, 3);
  assert.equal((await shell("infisical secrets get --path=/nowhere --env=prod")).code, 5);
  assert.equal((await shell("infisical secrets set --env=prod --nonsense")).code, 2);
  assert.equal((await shell(line, { INFISICAL_DOMAIN: "http://127.0.0.1:1" })).code, 8);
});
