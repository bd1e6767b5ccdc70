/** Figures of a real server with a real target. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { routes } from "@dayfly/contract";
import { securityHeaders } from "../door.ts";
import { type Scene, scene } from "../testing/callers.ts";
import { until } from "../testing/moments.ts";
import { receiver } from "../testing/receiver.ts";
import { testServer } from "../testing/server.ts";

const TOKEN = "metrics-token-canary-0123456789abcdef";
const SECRET = "webhook-secret-canary-0123456789abcdef";
const WEBHOOK = { ALERT_WEBHOOK_URL: "http://127.0.0.1:9/canary-hook", ALERT_WEBHOOK_SECRET: SECRET };

let at: Scene;
before(async () => {
  at = await scene({ METRICS_TOKEN: TOKEN, ...WEBHOOK });
});
after(() => at?.stop());

const leases = "/api/v1/dynamic-secrets/leases";
const look = (token?: string) => at.server.call("GET", "/metrics", { token });

/** Every sample: its name and labels, and its value. */
async function samples(): Promise<Map<string, number>> {
  const { status, body } = await look(TOKEN);
  assert.equal(status, 200);
  const lines = (body as string).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => {
      const [, series, value] = /^(\S+?(?:\{.*\})?) (\S+)$/.exec(line)!;
      return [series!, Number(value)];
    }),
  );
}

/** Waits for figures of the database, which may be five seconds old. */
const shows = (series: string, value: number) => until(async () => (await samples()).get(series) === value);

async function lease(): Promise<{ id: string; data: Record<string, string>; account: string }> {
  const body = { ...at.loc, dynamicSecretName: "postgres" };
  const { body: heard } = await at.server.call("POST", leases, { token: at.tokens.admin, body });
  return { id: heard.lease.id, data: heard.data, account: heard.lease.externalEntityId };
}
const revoke = (id: string) => at.server.call("DELETE", `${leases}/${id}`, { token: at.tokens.admin, body: at.loc });

describe("/metrics", () => {
  test("is for whoever shows the token, and a refusal has its audit row", async () => {
    const refused = {
      nothing: undefined,
      "an admin of the organization": at.tokens.admin,
      "half of it": TOKEN.slice(1),
    };
    for (const [who, token] of Object.entries(refused)) {
      const heard = await look(token);
      assert.equal(heard.status, 401, who);
      assert.ok(!JSON.stringify(heard.body).includes("dayfly_"), who);
      assert.equal(heard.headers.get("www-authenticate"), "Bearer");
      const rows = await at.server.auditOf(heard.requestId);
      assert.deepEqual(
        rows.map(({ event, outcome }) => [event, outcome]),
        [["metrics-read", "denied"]],
      );
    }
    const heard = await look(TOKEN);
    assert.equal(heard.status, 200);
    assert.match(heard.headers.get("content-type")!, /^text\/plain; version=0\.0\.4/);
    for (const [header, value] of Object.entries(securityHeaders)) assert.equal(heard.headers.get(header), value);
    assert.deepEqual(await at.server.auditOf(heard.requestId), []);
    assert.equal((await at.server.call("POST", "/metrics", { token: TOKEN })).status, 404);
  });

  test("is no route at all without the setting", async () => {
    const server = await testServer();
    try {
      for (const token of [undefined, server.admin, TOKEN]) {
        const heard = await server.call("GET", "/metrics", { token });
        assert.equal(heard.status, 404);
        assert.equal((await server.auditOf(heard.requestId))[0]!.event, "unknown-route");
      }
    } finally {
      await server.stop();
    }
  });

  test("opens nothing else: its token is nobody's in the API", async () => {
    assert.equal((await at.server.call("GET", "/api/v1/projects", { token: TOKEN })).status, 403);
    assert.ok(Object.values(routes).every(({ path }) => path !== ("/metrics" as string)));
  });
});

test("a lease's life is counted, each step by its type, its operation and its result", async () => {
  const before = await samples();
  const grown = (now: Map<string, number>, series: string) => (now.get(series) ?? 0) - (before.get(series) ?? 0);
  const of = (operation: string, result = "ok") => `{type="sql-database",operation="${operation}",result="${result}"}`;
  const first = await lease();
  const second = await lease();
  const renewed = await at.server.call("POST", `${leases}/${first.id}/renew`, {
    token: at.tokens.admin,
    body: { ...at.loc, ttl: "1m" },
  });
  assert.equal(renewed.status, 200);
  const tooLong = await at.server.call("POST", `${leases}/${first.id}/renew`, {
    token: at.tokens.admin,
    body: { ...at.loc, ttl: "1y" },
  });
  assert.equal(tooLong.status, 400);
  await shows("dayfly_leases_active", 2);
  assert.equal((await revoke(first.id)).status, 200);
  await at.server.running.store.pool.query(
    "update leases set expires_at = now() - interval '2 seconds', due_at = now() where id = $1",
    [second.id],
  );
  const expired = `dayfly_lease_operations_total${of("expire")}`;
  await until(async () => grown(await samples(), expired) === 1);
  const now = await samples();
  for (const series of [of("issue"), of("renew"), of("renew", "rejected"), of("revoke"), of("expire")]) {
    const count = series === of("issue") ? 2 : 1;
    assert.equal(grown(now, `dayfly_lease_operations_total${series}`), count, series);
    assert.equal(grown(now, `dayfly_lease_operation_duration_seconds_count${series}`), count, series);
  }
  const bucket = (le: string) => grown(now, `dayfly_revocation_lag_seconds_bucket{le="${le}",type="sql-database"}`);
  assert.equal(grown(now, `dayfly_revocation_lag_seconds_count{type="sql-database"}`), 2);
  assert.deepEqual([bucket("1"), bucket("30")], [1, 2], "the expired one was due two seconds before");
  await shows("dayfly_leases_active", 0);
  assert.equal((await samples()).get("dayfly_store_up"), 1);
});

test("what does not end and a target that is down are there, and gone again once they are", async () => {
  const { id } = await lease();
  const query = (text: string) => at.server.running.store.pool.query(text);
  await query(`update leases set state = 'revoking', reason = 'asked', revoking_at = now() - interval '100 seconds',
    late_until = now() - interval '1 hour', fenced_at = now(), left_behind_at = now(),
    due_at = now() + interval '1 hour' where id = '${id}'`);
  await query(`insert into targets (target_key, credential, address, opened_at, probe_at)
    values ('\\x01', '', 'canary-address:5432', now(), now())`);
  await shows("dayfly_targets_down", 1);
  const now = await samples();
  for (const name of ["revocations_pending", "revocations_fenced", "left_behind"]) {
    assert.equal(now.get(`dayfly_${name}`), 1, name);
  }
  const oldest = now.get("dayfly_oldest_overdue_seconds")!;
  assert.ok(oldest >= 100 && oldest < 130, String(oldest));
  await query("delete from targets where address = 'canary-address:5432'");
  await revoke(id);
  await shows("dayfly_revocations_pending", 0);
  const after = await samples();
  assert.deepEqual([after.get("dayfly_targets_down"), after.get("dayfly_oldest_overdue_seconds")], [0, 0]);
});

test("requests are counted by their route's pattern, and addresses that no route has under one name", async () => {
  const before = await samples();
  for (const path of ["/nowhere", "/api/nowhere/1", "/.env"]) await at.server.call("DELETE", path);
  await at.server.call("GET", `/api/v1/workspace/${at.projectId}`, { token: at.tokens.admin });
  const now = await samples();
  const count = (labels: string) => {
    const series = `dayfly_http_request_duration_seconds_count{${labels}}`;
    return (now.get(series) ?? 0) - (before.get(series) ?? 0);
  };
  assert.equal(count('route="none",method="any",status="404"'), 3);
  assert.equal(count('route="/api/v1/workspace/:projectId",method="GET",status="200"'), 1);
});

test("names and labels are these and no others", async () => {
  const { body } = await look(TOKEN);
  const families = [...(body as string).matchAll(/^# TYPE (dayfly_\S+) (\w+)$/gm)].map(([, name, type]) => {
    const own = new RegExp(`^${name}(?:_bucket|_sum|_count)?\\{(.*)\\}`, "gm");
    const labels = [...(body as string).matchAll(own)].flatMap(([, inner]) =>
      [...inner!.matchAll(/(\w+)="/g)].map(([, label]) => label!),
    );
    return `${name} ${type} ${[...new Set(labels)].filter((label) => label !== "le").sort()}`.trim();
  });
  assert.deepEqual(families.sort(), [
    "dayfly_alert_deliveries_total counter result",
    "dayfly_alerts_waiting gauge",
    "dayfly_build_info gauge version",
    "dayfly_http_request_duration_seconds histogram method,route,status",
    "dayfly_lease_operation_duration_seconds histogram operation,result,type",
    "dayfly_lease_operations_total counter operation,result,type",
    "dayfly_leases_active gauge",
    "dayfly_left_behind gauge",
    "dayfly_oldest_overdue_seconds gauge",
    "dayfly_revocation_lag_seconds histogram type",
    "dayfly_revocations_fenced gauge",
    "dayfly_revocations_pending gauge",
    "dayfly_store_connections_awaited gauge",
    "dayfly_store_connections_busy gauge",
    "dayfly_store_up gauge",
    "dayfly_targets_down gauge",
  ]);
});

test("the guide lists the figures that there are, and its rules ask for no others", async () => {
  const guide = readFileSync(new URL("../../../docs/guides/metrics.md", import.meta.url), "utf8");
  const { body } = await look(TOKEN);
  const names = [...(body as string).matchAll(/^# TYPE (dayfly_\S+)/gm)].map(([, name]) => name!);
  const listed = [...guide.matchAll(/^\| `(dayfly_\w+)` \|/gm)].map(([, name]) => name!);
  assert.deepEqual(listed.sort(), names.sort());
  const rules = /```yaml\ngroups:[\s\S]*?```/.exec(guide)![0];
  const asked = [...rules.matchAll(/dayfly_\w+/g)].map(([name]) => name.replace(/_bucket$/, ""));
  assert.ok(asked.length > 5);
  for (const name of asked) assert.ok(names.includes(name), name);
});

test("no secret, id, name or address is in any figure (A05)", async () => {
  const { id, data, account } = await lease();
  await revoke(id);
  await at.server.call("GET", `/canary-path/${id}?token=canary-query`, {
    token: "canary-token-canary-token-canary-tok",
  });
  const { body } = await look(TOKEN);
  const { identity, organizationId } = at.server.running.bootstrap!;
  const secrets = [at.target.password, data.DB_PASSWORD!, at.tokens.admin, TOKEN, SECRET, identity.clientSecret];
  const names = [id, account, at.projectId, organizationId, identity.clientId, at.leaseOnlyId, at.target.host, "shop"];
  for (const text of [...secrets, ...names, String(at.target.port), "canary"]) {
    assert.ok(!(body as string).includes(text), `${text} is in a figure`);
  }
});

test("a database that does not answer leaves its figures out, and those of the process are still told", async () => {
  const hook = await receiver();
  const server = await testServer({ METRICS_TOKEN: TOKEN, ALERT_WEBHOOK_URL: hook.url, ALERT_WEBHOOK_SECRET: SECRET });
  try {
    const text = async () => (await server.call("GET", "/metrics", { token: TOKEN })).body as string;
    assert.match(await text(), /^dayfly_leases_active 0$/m);
    await server.running.store.pool.query("alter table leases rename to elsewhere");
    await until(async () => /^dayfly_store_up 0$/m.test(await text()));
    assert.doesNotMatch(await text(), /^dayfly_(leases_active|oldest_overdue_seconds) /m);
    assert.match(await text(), /^process_resident_memory_bytes /m);
    await server.running.store.pool.query("alter table elsewhere rename to leases");
  } finally {
    await server.stop();
    await hook.stop();
  }
});
