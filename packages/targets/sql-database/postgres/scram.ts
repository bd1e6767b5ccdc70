/**
 * A SCRAM-SHA-256 verifier: what PostgreSQL stores instead of a password (RFC 5802 and 7677).
 *
 * Sending it instead of the password keeps the password out of the server's log when a statement fails.
 */
import { createHash, createHmac, pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";

const derive = promisify(pbkdf2);

/** Makes the verifier of a password of printable ASCII, the only kind that needs no SASLprep. Runs off the event loop. */
export async function scramVerifier(password: string, iterations: number, salt = randomBytes(16)): Promise<string> {
  if (!/^[!-~]+$/.test(password)) throw new RangeError("A verifier needs a password of printable ASCII");
  const salted = await derive(password, salt, iterations, 32, "sha256");
  const key = (label: string) => createHmac("sha256", salted).update(label).digest();
  const stored = createHash("sha256").update(key("Client Key")).digest();
  const base64 = (bytes: Buffer) => bytes.toString("base64");
  return `SCRAM-SHA-256$${iterations}:${base64(salt)}$${base64(stored)}:${base64(key("Server Key"))}`;
}
