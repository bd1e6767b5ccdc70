/**
 * Requests that nobody should send, against a real server: `npm run bench -- fuzz` asks five times as many, and repeats a
 * failure by its seed.
 */
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { after, before, test } from "node:test";
import { type Findings, run } from "./testing/fuzz/run.ts";
import { openScene, type Scene } from "./testing/fuzz/scene.ts";
import { spellingsOf } from "./testing/fuzz/spellings.ts";
import { dynamicSecretName, path } from "./testing/fuzz/things.ts";
import { makeIdentity } from "./testing/identities.ts";

const asked = { seed: randomInt(1_000_000), requests: 2_000 };
const again = `\nrepeat: npm run bench -- fuzz --seed ${asked.seed} --requests ${asked.requests}\n`;

let scene: Scene;
let found: Findings;
before(async () => {
  scene = await openScene();
  found = await run(scene, asked);
});
after(() => scene?.stop());

const none = (list: string[]): void => assert.equal(list.length, 0, again + list.slice(0, 5).join("\n\n"));

test("whatever is asked, the answer is one that the document declares, whole, in time, and no 500", (context) => {
  const { requests, seconds, statuses, succeeded, operations, slowest } = found;
  context.diagnostic(`seed ${asked.seed}: ${requests} in ${Math.round(seconds)} s, ${JSON.stringify(statuses)}`);
  context.diagnostic(`${succeeded} of ${operations} operations succeeded; slowest ${Math.round(slowest.ms)} ms`);
  none(found.faults);
  assert.ok(requests > asked.requests);
});

test("enough of it was good that the rest was not refused at the first look", () => {
  assert.ok(found.succeeded > found.operations / 3, `${found.succeeded} of ${found.operations} succeeded${again}`);
});

test("no answer and no line that the server prints holds what its reader may not see", async () => {
  none(found.leaks);
  // They would have been found: who administers the organization may see the names.
  const seen = await scene.keepers.ruler.call("GET", "/api/v1/projects");
  assert.ok(scene.stranger.names.some((name) => seen.text.includes(name)));
});

test("no row of another project is changed, and its owner finds everything as it was", async () => {
  none(found.changed);
  await scene.stranger.check();
});

test("each line that the server prints meanwhile is one object of JSON", () => {
  none(found.unreadable);
});

test("none of more than two hundred damaged, forged and dead tokens lets anybody in", async () => {
  assert.ok(scene.attacks.length > 200);
  const { projectId, projectSlug } = scene.things;
  const place = new URLSearchParams({ projectSlug: projectSlug!, environmentSlug: "prod", path });
  const targets = [
    `/api/v1/workspace/${projectId}`,
    `/api/v1/dynamic-secrets/${dynamicSecretName}?${place}`,
    "/api/v1/projects",
  ];
  for (const authorization of scene.attacks) {
    for (const target of targets) {
      const answer = await fetch(scene.server.url + target, { headers: { authorization } });
      const { error } = (await answer.json()) as { error: string };
      const refused =
        (answer.status === 401 && error === "UnauthorizedError") || (answer.status === 403 && error === "TokenError");
      assert.ok(refused, `${authorization.slice(0, 80)}: ${answer.status} ${error}`);
    }
  }
});

test("a path that is spelled otherwise is refused, or decided on as its one canonical form", async () => {
  const { admin } = scene.keepers;
  const { projectId } = scene.things;
  const permissions = [{ subject: "secrets", action: ["read"], conditions: { environment: "prod", secretPath: path } }];
  await admin.ok("POST", `/api/v1/projects/${projectId}/roles`, {
    body: { slug: "reader", name: "Reader", permissions },
  });
  const reader = await makeIdentity(scene.server, scene.keepers.ruler, { name: "Reader" });
  const membership = `/api/v2/workspace/${projectId}/identity-memberships/${reader.id}`;
  await admin.ok("POST", membership, { body: { roles: [{ role: "reader" }] } });
  for (const [folder, name, allowed] of [
    [path, "API_KEY", 200],
    ["/database/admin", "ADMIN_KEY", 403],
  ] as const) {
    for (const secretPath of spellingsOf(folder)) {
      // Blanks around it and one slash at its end are no part of a path.
      const isCanonical = secretPath.trim().replace(/\/$/, "") === folder;
      const query = { projectId: projectId!, environment: "prod", secretPath };
      const answer = await reader.wire.call("GET", `/api/v3/secrets/raw/${name}`, { query });
      const shown = JSON.stringify(secretPath);
      if (isCanonical) assert.equal(answer.status, allowed, shown);
      // Another letter case is another folder, which this role says nothing of.
      else assert.ok([403, 422].includes(answer.status), `${shown}: ${answer.status}`);
    }
  }
});

test("the server takes no more than 200 MiB more for it", () => {
  const { before, after } = found.memory;
  assert.ok(after - before < 200, `${before} MiB before, ${after} MiB after${again}`);
});

test("once its projects are deleted, no account is left in the target but the other project's", async () => {
  const { admin } = scene.keepers;
  const { projects } = await admin.ok("GET", "/api/v1/projects");
  for (const { id, slug } of projects) {
    await admin.ok("PATCH", `/api/v1/projects/${id}`, { body: { hasDeleteProtection: false } });
    await admin.ok("DELETE", `/api/v2/workspace/${slug}`);
  }
  await scene.orders.settled([scene.stranger.role], 30_000);
});
