/**
 * The root key: 256 bits that open everything and are never in the database. Owns where it comes from and which keys are
 * refused. Whether it is the right one for a database is the store's sentinel's to say.
 */
import { createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { link, open, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Settings } from "./config.ts";

/** A root key that is missing or must not be used. */
export class BadRootKey extends Error {
  override name = "BadRootKey";
}

/** Keys that have been printed in public documents and example files. */
const published = new Set([
  "6c1fe4e407b8911c104518103505b218",
  "f13dbc92aaaf86fa7cb0ed8ac3265f47",
  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
  "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
]);

/** Fewer different bytes than this among 32 are no accident: a random key has fewer once in 10^20. */
const LEAST_DIFFERENT_BYTES = 16;

/** The name of the key file in the data directory. */
export const KEY_FILE = "root.key";

/** Where a root key was had from, for the message to its keeper; null when it came from the environment. */
export interface FoundRootKey {
  key: KeyObject;
  file: string | null;
  made: boolean;
}

/**
 * The root key that the settings name, else the key file in the data directory. `mayMake` is asked only when there is
 * none: a key is made when, and only when, the database is the embedded one and still empty.
 * @throws BadRootKey
 */
export async function findRootKey(
  settings: Pick<Settings, "rootKey" | "dataDir">,
  mayMake: () => Promise<boolean>,
): Promise<FoundRootKey> {
  const source = settings.rootKey;
  if (source !== undefined && "text" in source) return { key: readRootKey(source.text), file: null, made: false };
  const file = source?.file ?? join(settings.dataDir, KEY_FILE);
  const text = await readKeyFile(file);
  if (text !== undefined) return { key: readRootKey(text), file, made: false };
  if (source !== undefined) throw new BadRootKey(`the root key file ${file} does not exist`);
  if (!(await mayMake())) {
    throw new BadRootKey(
      `there is no root key: set ENCRYPTION_KEY_FILE or ENCRYPTION_KEY, or put ${file} back. ` +
        "A new one is never made over existing data: nothing in it would open",
    );
  }
  const made = randomBytes(32);
  await writeKeyFile(file, made.toString("base64"));
  return { key: createSecretKey(made), file, made: true };
}

/**
 * Reads 32 bytes from 64 hexadecimal digits or from base64.
 * @throws BadRootKey for anything shorter, constant or published
 */
export function readRootKey(text: string): KeyObject {
  const trimmed = text.trim();
  if (published.has(trimmed.toLowerCase())) throw new BadRootKey(`the root key is a published sample. ${how}`);
  const bytes = /^[0-9a-f]{64}$/i.test(trimmed)
    ? Buffer.from(trimmed, "hex")
    : /^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed)
      ? Buffer.from(trimmed, "base64")
      : undefined;
  if (bytes?.length !== 32) {
    throw new BadRootKey(`the root key must be 32 bytes, as 64 hexadecimal digits or in base64. ${how}`);
  }
  if (published.has(bytes.toString("hex"))) throw new BadRootKey(`the root key is a published sample. ${how}`);
  if (new Set(bytes).size < LEAST_DIFFERENT_BYTES) throw new BadRootKey(`the root key is not random. ${how}`);
  const key = createSecretKey(bytes);
  bytes.fill(0);
  return key;
}

const how = "Make one with: openssl rand -base64 32";

async function readKeyFile(file: string): Promise<string | undefined> {
  try {
    const { mode } = await stat(file);
    if ((mode & 0o077) !== 0) {
      throw new BadRootKey(`others may read the root key file ${file}: chmod 400 it, and consider the key known`);
    }
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    if (error instanceof BadRootKey) throw error;
    throw new BadRootKey(`cannot read the root key file ${file} (${(error as NodeJS.ErrnoException).code})`);
  }
}

/**
 * Durable before the database is founded: rows sealed under a key that a power cut took would never open. There under its
 * name only once it is whole, so that no kill leaves half a key behind that stops every later start; never over another.
 */
async function writeKeyFile(file: string, text: string): Promise<void> {
  const fresh = `${file}.${randomBytes(4).toString("hex")}`;
  const handle = await open(fresh, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o400);
  try {
    await handle.writeFile(`${text}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await link(fresh, file);
  await rm(fresh);
  const folder = await open(join(file, ".."), constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
