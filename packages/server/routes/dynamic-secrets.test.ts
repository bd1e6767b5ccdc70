/** A dynamic secret whose admin password lies in a static one, as clients make it. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are what this is about
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { providerOf, type Scene, scene } from "../testing/callers.ts";

let at: Scene;
before(async () => {
  at = await scene();
});
after(() => at?.stop());

const dynamic = "/api/v1/dynamic-secrets";
const ask = (method: string, path: string, body?: unknown) =>
  at.server.call(method, path, { token: at.tokens.admin, body });

test("the admin password may be a reference to a static secret, and the audit row says what was read", async () => {
  const place = { projectSlug: "shop", environment: "prod", secretPath: "/database/admin" };
  await ask("POST", "/api/v3/secrets/raw/ADMIN_PASSWORD", { ...place, secretValue: at.target.password });
  const password = "${prod.database.admin.ADMIN_PASSWORD}";
  const provider = providerOf(at.target, { password });
  const made = await ask("POST", dynamic, { ...at.loc, name: "by-reference", provider, defaultTTL: "1h" });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  assert.equal(made.body.dynamicSecret.inputs.password, password);
  const [row] = await at.server.auditOf(made.requestId);
  assert.deepEqual(row!.detail.alsoRead, ["prod:/database/admin:ADMIN_PASSWORD"]);
  const leased = await ask("POST", `${dynamic}/leases`, { ...at.loc, dynamicSecretName: "by-reference", ttl: "10m" });
  assert.equal(leased.status, 200, JSON.stringify(leased.body));
  assert.equal((await ask("DELETE", `${dynamic}/leases/${leased.body.lease.id}`, at.loc)).status, 200);
});

test("a reference that leads nowhere is 422 and names itself", async () => {
  const provider = providerOf(at.target, { password: "${prod.database.admin.NONE}" });
  const made = await ask("POST", dynamic, { ...at.loc, name: "nowhere", provider, defaultTTL: "1h" });
  assert.equal(made.status, 422);
  assert.match(made.body.message, /inputs\.password: the secret prod:\/database\/admin:NONE/);
});
