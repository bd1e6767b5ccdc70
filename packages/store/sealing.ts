/**
 * Sealing: how a secret lies in the database.
 *
 * A sealed value is `version (1) | algorithm (1) | key id (4) | nonce (12) | ciphertext | tag (16)`, AES-256-GCM. What it is
 * for (table, column, row, project) is associated data: a value moved to another place does not open.
 */
import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from "node:crypto";
import { SealBroken } from "./errors.ts";

const VERSION = 1;
const AES_256_GCM = 1;
const NONCE = 12;
const TAG = 16;
const HEADER = 6;

/** The place of a sealed value. `project` is null for what belongs to the whole organization. */
export interface Field {
  table: string;
  column: string;
  row: string;
  project: string | null;
}

function associated(field: Field, keyId: number): Buffer {
  const parts = ["dayfly", field.table, field.column, field.row, field.project ?? "", String(keyId)];
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = Buffer.from(part, "utf8");
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}

/** Which key sealed this value. @throws SealBroken when it is no sealed value at all. */
export function keyIdOf(sealed: Buffer): number {
  if (sealed.length < HEADER + NONCE + TAG || sealed[0] !== VERSION || sealed[1] !== AES_256_GCM) {
    throw new SealBroken("a stored value is not in the sealed format");
  }
  return sealed.readUInt32BE(2);
}

/** Seals `plain` for one place under one key. */
export function seal(key: KeyObject, keyId: number, field: Field, plain: Buffer): Buffer {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG });
  cipher.setAAD(associated(field, keyId));
  const header = Buffer.alloc(HEADER);
  header.writeUInt8(VERSION, 0);
  header.writeUInt8(AES_256_GCM, 1);
  header.writeUInt32BE(keyId, 2);
  return Buffer.concat([header, nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Opens what `seal` made for the same place. @throws SealBroken when it was altered, moved or sealed by another key. */
export function open(key: KeyObject, field: Field, sealed: Buffer): Buffer {
  const keyId = keyIdOf(sealed);
  // Without an explicit tag length Node accepts a tag cut to four bytes.
  const cipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(HEADER, HEADER + NONCE), { authTagLength: TAG });
  cipher.setAAD(associated(field, keyId));
  cipher.setAuthTag(sealed.subarray(sealed.length - TAG));
  try {
    return Buffer.concat([cipher.update(sealed.subarray(HEADER + NONCE, sealed.length - TAG)), cipher.final()]);
  } catch (cause) {
    throw new SealBroken(
      `the stored value of ${field.table}.${field.column} does not open: altered, moved or another key`,
      {
        cause,
      },
    );
  }
}
