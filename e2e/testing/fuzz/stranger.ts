/** A project beside the one that is asked about: with secrets, a lease and an owner, none of whom any request may reach. */
import { createHash, randomBytes } from "node:crypto";
import type pg from "pg";
import { makeIdentity } from "../identities.ts";
import type { Orders } from "../orders.ts";
import type { Server } from "../server.ts";
import type { Wire } from "../wire.ts";
import { providerOn, secretId, type Things } from "./things.ts";

/** The other project. */
export interface Stranger {
  /** What others may guess of it, as `their.projectId` and so on. */
  things: Things;
  /** Values that may be in no answer to anybody else. */
  secrets: string[];
  /** What only an admin of the organization may see. */
  names: string[];
  /** The account of its lease in the target. */
  role: string;
  /** Fails unless its owner still has everything, with the token of old. */
  check(): Promise<void>;
}

const canary = (what: string): string => `canary-${what}-${randomBytes(9).toString("hex")}`;

/** Makes the project and what is in it. */
export async function makeStranger(server: Server, ruler: Wire, orders: Orders): Promise<Stranger> {
  const { id, wire } = await makeIdentity(server, ruler, { name: "Stranger", orgRole: "member" });
  const [value, comment, description, title, marked] = ["value", "comment", "description", "title", "marked"].map(
    canary,
  );
  const body = { projectName: title, slug: "theirs", projectDescription: description };
  const { project } = await wire.ok("POST", "/api/v2/workspace", { body });
  const place = { projectSlug: "theirs", environmentSlug: "prod", path: "/vault" };
  const folder = { ...place, path: "/", name: "vault", description };
  const { folder: vault } = await wire.ok("POST", "/api/v1/folders", { body: folder });
  const target = "/api/v3/secrets/raw/THEIR_KEY";
  const secretBody = { ...place, secretValue: value, secretComment: comment };
  const { secret } = await wire.ok("POST", target, { body: secretBody });
  await secretId(wire, { ...place, environmentSlug: "dev" }, "DEV_KEY", value!);
  const imported = { ...place, import: { environment: "dev", path: "/vault" } };
  const { secretImport } = await wire.ok("POST", "/api/v2/secret-imports", { body: imported });
  const creationStatement = `-- ${marked}\n${providerOn(orders).inputs.creationStatement}`;
  const provider = providerOn(orders, { creationStatement });
  await wire.ok("POST", "/api/v1/dynamic-secrets", { body: { ...place, name: "vaulted", provider, defaultTTL: "4h" } });
  const leaseBody = { ...place, dynamicSecretName: "vaulted" };
  const { lease, data } = await wire.ok("POST", "/api/v1/dynamic-secrets/leases", { body: leaseBody });
  const environment = project.environments.find(({ slug }: { slug: string }) => slug === "prod");
  return {
    things: {
      projectId: project.id,
      projectSlug: "theirs",
      environmentId: environment.id,
      folderId: vault.id,
      secretId: secret.id,
      secretName: "THEIR_KEY",
      secretImportId: secretImport.id,
      leaseId: lease.id,
      dynamicSecretName: "vaulted",
      path: "/vault",
      identityId: id,
    },
    secrets: [value!, comment!, data.DB_PASSWORD],
    names: [description!, title!, marked!, data.DB_USERNAME],
    role: data.DB_USERNAME,
    async check() {
      const read = await wire.ok("GET", target, { query: place });
      const held = await wire.ok("GET", `/api/v1/dynamic-secrets/leases/${lease.id}`, { query: place });
      if (read.secret.secretValue !== value) throw new Error("the stranger's secret is another");
      if (held.lease.expireAt !== lease.expireAt) throw new Error("the stranger's lease has another end");
      if ((await orders.login({ username: data.DB_USERNAME, password: data.DB_PASSWORD })) !== "accepted") {
        throw new Error("the stranger's credential is refused");
      }
    },
  };
}

/** Tables that say what has been asked, also of others' things. */
const told = new Set(["audit_events", "audit_links"]);

/**
 * A digest of each table's rows that have one of these ids in a column of ids: equal before and after means that none was
 * changed, added or taken away.
 */
export async function digestOfRows(store: pg.Client, ids: string[]): Promise<Record<string, string>> {
  const { rows } = await store.query<{ table: string; columns: string[] }>(
    `select table_name as table, array_agg(column_name::text) as columns from information_schema.columns
     where table_schema = 'public' and data_type = 'uuid' group by 1 order by 1`,
  );
  const digests: Record<string, string> = {};
  for (const { table, columns } of rows) {
    if (told.has(table)) continue;
    const named = columns.map((column) => `"${column}" = any($1::uuid[])`).join(" or ");
    const found = await store.query(`select t::text as row from "${table}" t where ${named} order by 1`, [ids]);
    const text = found.rows.map(({ row }) => row).join("\n");
    if (text !== "")
      digests[table] = `${found.rows.length} ${createHash("sha256").update(text).digest("hex").slice(0, 16)}`;
  }
  return digests;
}
