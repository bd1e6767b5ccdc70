/** The journal as the witness understands it: what the server has promised about each lease so far. */
import { closeSync, openSync, readSync } from "node:fs";

/** A lease, as far as somebody outside was told. */
export interface Promised {
  id: string;
  username: string;
  password: string;
  /** The end that was acknowledged last. */
  end: number;
  /** The latest end that an unanswered renewal may have made. */
  perhaps: number;
  /** no: it must live until its end. asked: unknown. promised: it will end. proven: it has. */
  revoked: "no" | "asked" | "promised" | "proven";
  leasedAt: number;
  provenAt: number;
  /** It was answered that there is no such lease while it should have lived. */
  missed: boolean;
}

interface Line extends Record<string, unknown> {
  at: number;
  is: string;
  id: string;
}

/** Reads on, from where it stopped the last time. */
export class Ledger {
  readonly leases = new Map<string, Promised>();
  /** Whether the server is down now. */
  down = false;
  readonly #file: string;
  #offset = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /** Takes in what was written since. @returns the leases that the new lines speak of */
  read(): Set<Promised> {
    const touched = new Set<Promised>();
    for (const line of this.#newLines()) {
      const lease = this.#take(line);
      if (lease) touched.add(lease);
    }
    return touched;
  }

  *#newLines(): Generator<Line> {
    const file = openSync(this.#file, "r");
    const chunks: Buffer[] = [];
    try {
      for (;;) {
        const chunk = Buffer.alloc(65_536);
        const length = readSync(file, chunk, 0, chunk.length, this.#offset + chunks.reduce((n, c) => n + c.length, 0));
        if (length === 0) break;
        chunks.push(chunk.subarray(0, length));
      }
    } finally {
      closeSync(file);
    }
    const bytes = Buffer.concat(chunks);
    const whole = bytes.lastIndexOf(10) + 1;
    this.#offset += whole;
    for (const text of bytes.subarray(0, whole).toString().split("\n")) if (text) yield JSON.parse(text) as Line;
  }

  #take(line: Line): Promised | undefined {
    if (line.is === "down" || line.is === "up") {
      this.down = line.is === "down";
      return undefined;
    }
    if (line.is === "leased") {
      const { id, username, password, end } = line as unknown as Promised;
      const rest = { revoked: "no", leasedAt: line.at, provenAt: 0, missed: false } as const;
      this.leases.set(id, { id, username, password, end, perhaps: end, ...rest });
      return this.leases.get(id);
    }
    const lease = this.leases.get(line.id);
    // Its answer was lost, so nobody holds it; at the end it is revoked with the rest that the server lists.
    if (!lease) return undefined;
    if (line.is === "renewing") lease.perhaps = lease.end + Number(line.by);
    if (line.is === "renewed") lease.end = lease.perhaps = Number(line.end);
    if (line.is === "revoking" && lease.revoked === "no") lease.revoked = "asked";
    if (line.is === "promised" && lease.revoked !== "proven") lease.revoked = "promised";
    if (line.is === "revoked") prove(lease, line.at);
    if (line.is === "denied" && line.what === "renew") {
      lease.perhaps = lease.end;
      miss(lease, line, line.status === 404);
    }
    // A lease that has ended is revoked with success: no lease that was handed out is ever unknown.
    if (line.is === "denied" && line.what === "revoke") lease.missed ||= line.status === 404;
    if (line.is === "seen") see(lease, line);
    return lease;
  }
}

function see(lease: Promised, line: Line): void {
  if (line.ending && lease.revoked === "no") lease.revoked = "asked";
  miss(lease, line, line.end === null);
  // The server has told that it is gone, so it must be.
  if (line.end === null) {
    prove(lease, line.at);
    return;
  }
  // Whatever became of a renewal without an answer: what the server has told since is what holds.
  lease.end = lease.perhaps = Number(line.end);
}

function prove(lease: Promised, at: number): void {
  if (lease.revoked !== "proven") lease.provenAt = at;
  lease.revoked = "proven";
}

function miss(lease: Promised, { at }: Line, absent: boolean): void {
  if (absent && lease.revoked === "no" && at < lease.end) lease.missed = true;
}
