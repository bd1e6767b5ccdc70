/**
 * The keyring: root key → instance key → one data key a project and one for the organization.
 *
 * The root key is handed in and never stored. The database holds the other keys wrapped, and a sentinel by which a wrong
 * root key is noticed before anything is touched. Keys made here are committed on a connection of the ring's own, so that
 * no transaction that seals can be left waiting for a connection of the pool it holds one of.
 */
import { createHmac, createSecretKey, hkdfSync, type KeyObject, randomBytes, randomUUID } from "node:crypto";
import type pg from "pg";
import { SealBroken, WrongRootKey } from "./errors.ts";
import { type Field, keyIdOf, open, seal } from "./sealing.ts";

const ROOT = 0;
const SENTINEL = "dayfly opens here";
const sentinelField: Field = { table: "sentinel", column: "sealed", row: "one", project: null };

interface DataKey {
  id: number;
  key: KeyObject;
}

interface KeyRow {
  id: number;
  owner_id: string | null;
  wrapped: Buffer;
}

function wrappedField(purpose: string, owner: string | null): Field {
  return { table: "keys", column: "wrapped", row: `${purpose}:${owner ?? ""}`, project: null };
}

/** What the table files use: sealing by place, and keys derived for one use. */
export interface Keyring {
  /** Names this installation; written into the marks of accounts. */
  instanceId: string;
  seal(field: Field, plain: string | Buffer): Promise<Buffer>;
  /** @throws SealBroken */
  open(field: Field, sealed: Buffer): Promise<Buffer>;
  /** Drops a project's key from memory: it has been deleted. */
  forget(project: string): void;
  /** An HMAC key for one use, by HKDF from the instance key. */
  derive(use: string): KeyObject;
}

/**
 * Looks whether the root key is the one of this database. Changes nothing.
 * @returns the instance id, or null when the database has no keys yet.
 * @throws WrongRootKey
 */
export async function checkRootKey(client: pg.ClientBase, rootKey: KeyObject): Promise<string | null> {
  const present = await client.query("select to_regclass('sentinel') is not null as present");
  if (!present.rows[0].present) return null;
  const { rows } = await client.query<{ instance_id: string; sealed: Buffer }>(
    "select instance_id, sealed from sentinel",
  );
  const row = rows[0];
  if (!row) return null;
  try {
    if (open(rootKey, sentinelField, row.sealed).toString() === SENTINEL) return row.instance_id;
  } catch {
    // Told below: to the caller a value that does not open and a wrong text are the same.
  }
  throw new WrongRootKey();
}

/** Makes the instance key and the sentinel of a new database; the caller holds the migration lock. */
export async function foundKeys(client: pg.ClientBase, rootKey: KeyObject): Promise<string> {
  const instanceId = randomUUID();
  const wrapped = seal(rootKey, ROOT, wrappedField("instance", null), randomBytes(32));
  await client.query("begin");
  try {
    await client.query("insert into keys (purpose, owner_id, wrapped) values ('instance', null, $1)", [wrapped]);
    await client.query("insert into sentinel (instance_id, sealed) values ($1, $2)", [
      instanceId,
      seal(rootKey, ROOT, sentinelField, Buffer.from(SENTINEL)),
    ]);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback");
    throw error;
  }
  return instanceId;
}

/** Opens the ring. `pool` is the ring's own small pool. */
export async function openKeyring(pool: pg.Pool, rootKey: KeyObject, instanceId: string): Promise<Keyring> {
  const { rows } = await pool.query<KeyRow>("select id, owner_id, wrapped from keys where purpose = 'instance'");
  const instanceRow = rows[0];
  if (!instanceRow) throw new WrongRootKey();
  const instance = open(rootKey, wrappedField("instance", null), instanceRow.wrapped);
  const instanceKey = createSecretKey(instance);
  const byOwner = new Map<string, Promise<DataKey>>();

  async function load(purpose: "project" | "organization", owner: string | null, mayMake: boolean): Promise<DataKey> {
    const field = wrappedField(purpose, owner);
    if (mayMake) {
      const fresh = seal(instanceKey, instanceRow!.id, field, randomBytes(32));
      await pool.query("insert into keys (purpose, owner_id, wrapped) values ($1, $2, $3) on conflict do nothing", [
        purpose,
        owner,
        fresh,
      ]);
    }
    const found = await pool.query<KeyRow>(
      "select id, owner_id, wrapped from keys where purpose = $1 and owner_id is not distinct from $2",
      [purpose, owner],
    );
    const row = found.rows[0];
    // It went with its project: what it had sealed cannot be opened any more, and no other key would.
    if (!row) throw new SealBroken(`the key of the ${purpose} is gone`);
    return { id: row.id, key: createSecretKey(open(instanceKey, field, row.wrapped)) };
  }

  function dataKey(project: string | null, mayMake: boolean): Promise<DataKey> {
    const name = project ?? "";
    let key = byOwner.get(name);
    if (!key) {
      key = load(project === null ? "organization" : "project", project, mayMake);
      key.catch(() => byOwner.delete(name));
      byOwner.set(name, key);
    }
    return key;
  }

  const derived = new Map<string, KeyObject>();
  function derive(use: string): KeyObject {
    const known = derived.get(use);
    if (known) return known;
    const key = createSecretKey(Buffer.from(hkdfSync("sha256", instance, instanceId, `dayfly ${use}`, 32)));
    derived.set(use, key);
    return key;
  }

  return {
    instanceId,
    async seal(field, plain) {
      const { id, key } = await dataKey(field.project, true);
      return seal(key, id, field, typeof plain === "string" ? Buffer.from(plain, "utf8") : plain);
    },
    async open(field, sealed) {
      keyIdOf(sealed);
      const { key } = await dataKey(field.project, false);
      return open(key, field, sealed);
    },
    forget: (project) => void byOwner.delete(project),
    derive,
  };
}

/** HMAC-SHA256 over several parts, each preceded by its length. */
export function mac(key: KeyObject, ...parts: (string | Buffer)[]): Buffer {
  const hmac = createHmac("sha256", key);
  for (const part of parts) {
    const bytes = typeof part === "string" ? Buffer.from(part, "utf8") : part;
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hmac.update(length).update(bytes);
  }
  return hmac.digest();
}
