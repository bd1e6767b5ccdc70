/**
 * Opaque tokens and client secrets: 256 random bits, of which only the SHA-256 digest is ever stored.
 *
 * A person's token has the shape of a JWT, because the official CLI looks into it for its end. It is still opaque here:
 * looked up whole by its digest, and nothing in it is ever read, so there is no signature to forge and no key to lose.
 */
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

/** What a person's token tells its holder. It decides nothing. */
export interface Claims {
  userId: string;
  organizationId?: string;
  expiresAt: Date;
}

/** A new token for a person's session. */
export function makePersonsToken({ expiresAt, ...claims }: Claims): { token: string; digest: Buffer } {
  const seconds = (time: number) => Math.floor(time / 1000);
  const life = { iat: seconds(Date.now()), exp: seconds(expiresAt.getTime()) };
  // HS256 is what the shape asks for; the last part is random and no signature.
  const parts = [
    { alg: "HS256", typ: "JWT" },
    { ...claims, ...life },
  ].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"));
  const token = [...parts, randomBytes(32).toString("base64url")].join(".");
  return { token, digest: digestOf(token) };
}

/** Whether a token has the shape of a person's; a machine's has no dots. */
export function isPersons(token: string): boolean {
  return token.includes(".");
}
