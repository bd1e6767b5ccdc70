/** The rows above a lease, made for tests. */
import { randomBytes, randomUUID } from "node:crypto";
import * as configVersions from "../config-versions.ts";
import type { Caller, Single } from "../db.ts";
import * as dynamicSecrets from "../dynamic-secrets.ts";
import { NotFound } from "../errors.ts";
import { type Along, type Intent, intend, type Lease } from "../leases.ts";
import type { Store } from "../store.ts";

/** Somebody who asks. */
export function testCaller(name = "tester"): Caller {
  return {
    actor: { type: "identity", id: randomUUID(), name },
    requestId: randomUUID(),
    ip: "127.0.0.1",
    userAgent: "test",
  };
}

/** A project with an environment and its root folder. */
export async function testPlace(store: Store): Promise<{ projectId: string; environmentId: string; folderId: string }> {
  const [organizationId, projectId, environmentId, folderId] = Array.from({ length: 4 }, () => randomUUID());
  const slug = randomUUID();
  await store.sql.insertInto("organizations").values({ id: organizationId!, name: "o", slug }).execute();
  await store.sql
    .insertInto("projects")
    .values({ id: projectId!, organization_id: organizationId!, name: "p", slug, description: null })
    .execute();
  await store.sql
    .insertInto("environments")
    .values({ id: environmentId!, project_id: projectId!, name: "Prod", slug: "prod", position: 1 })
    .execute();
  await store.sql
    .insertInto("folders")
    .values({
      id: folderId!,
      project_id: projectId!,
      environment_id: environmentId!,
      parent_id: null,
      name: "root",
      path: "/",
    })
    .execute();
  return { projectId: projectId!, environmentId: environmentId!, folderId: folderId! };
}

/** A dynamic secret with one version of its configuration. */
export async function testDynamicSecret(
  store: Store,
  place: { projectId: string; environmentId: string; folderId: string },
  targetKey = randomBytes(32),
): Promise<dynamicSecrets.DynamicSecret> {
  return store.transaction(async (tx) => {
    const row = await dynamicSecrets.insert(tx, {
      id: randomUUID(),
      project_id: place.projectId,
      environment_id: place.environmentId,
      folder_id: place.folderId,
      name: `secret-${randomUUID()}`,
      type: "sql-database",
      default_ttl: "1h",
      default_ttl_seconds: 3600,
      max_ttl: "4h",
      max_ttl_seconds: 14400,
      username_template: null,
      metadata: [],
    });
    const version = {
      dynamic_secret_id: row.id,
      version: 1,
      target_key: targetKey,
      address: "db:5432",
      inputs: { password: "p" },
    };
    await configVersions.insert(tx, place.projectId, version);
    return row;
  });
}

const unlimited = { ofSecret: 1_000_000, ofHolder: 1_000_000, ofProject: 1_000_000 };

/** A lease that is intended, with nothing else. @throws NotFound when its dynamic secret is gone, as the engine does */
export async function intended(db: Single, intent: Intent, key?: Along["key"]): Promise<Lease> {
  const along = { limits: unlimited, asMember: false, events: [], key };
  const row = await intend(db, testCaller(), intent, along);
  if (!row) throw new NotFound("dynamic secret", intent.dynamicSecretId);
  return row;
}

/** An intent on such a dynamic secret. */
export function testIntent(
  secret: dynamicSecrets.DynamicSecret,
  targetKey: Buffer,
  change: Partial<Intent> = {},
): Intent {
  return {
    id: randomUUID(),
    projectId: secret.project_id,
    dynamicSecretId: secret.id,
    configVersion: 1,
    targetKey,
    username: `u${randomUUID().replaceAll("-", "")}`,
    config: {},
    ttlSeconds: 3600,
    answerSeconds: 8,
    lateSeconds: 48,
    ...change,
  };
}
