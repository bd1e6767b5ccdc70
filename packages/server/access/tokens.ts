/** Opaque tokens and client secrets: 256 random bits, of which only the SHA-256 digest is ever stored. */
import { createHash, randomBytes } from "node:crypto";

/** A new secret text for a machine to hold, and its digest for us to keep. */
export function makeToken(): { token: string; digest: Buffer } {
  const token = randomBytes(32).toString("base64url");
  return { token, digest: digestOf(token) };
}

/** What a token is looked up by. A plain hash is enough: there is nothing in 256 random bits to guess. */
export function digestOf(token: string): Buffer {
  return createHash("sha256").update(token, "utf8").digest();
}
