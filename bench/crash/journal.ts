/**
 * The journal: what was asked of the server and what it answered, one JSON object a line.
 *
 * What a request may change is written before it is sent, what was answered at once after. It holds credentials: it lies in
 * a folder that only we can enter, is shown nowhere and goes with the run. The witness reads it as a file.
 */
import { appendFileSync, chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A line. Times are milliseconds since 1970; `by` is how much later a renewal may make the end. */
export type Line =
  | { is: "leased"; id: string; username: string; password: string; end: number }
  | { is: "renewing"; id: string; by: number }
  | { is: "renewed"; id: string; end: number }
  | { is: "revoking"; id: string }
  /** Answered with success: the credential is proven gone. */
  | { is: "revoked"; id: string }
  /** Answered that the revocation is recorded and goes on. */
  | { is: "promised"; id: string }
  /** Answered with a no that changes nothing. */
  | { is: "denied"; id: string; what: "renew" | "revoke"; status: number }
  /** Read back after an answer was lost. `end` is null when the server knows no such live lease any more. */
  | { is: "seen"; id: string; end: number | null; ending: boolean }
  | { is: "down" }
  | { is: "up" };

/** An open journal. */
export interface Journal {
  file: string;
  write(line: Line): void;
  remove(): void;
}

/** Opens a new one. */
export function openJournal(): Journal {
  const folder = mkdtempSync(join(tmpdir(), "dayfly-crash-"));
  chmodSync(folder, 0o700);
  const file = join(folder, "journal.jsonl");
  writeFileSync(file, "", { mode: 0o600 });
  return {
    file,
    // At once and whole: the witness must find a line before what it announces can happen.
    write: (line) => appendFileSync(file, `${JSON.stringify({ at: Date.now(), ...line })}\n`),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
