/**
 * Passwords of people: how they are hashed, and that few are at a time. A hash takes 19 MiB and tens of milliseconds by
 * intent, so whoever comes when the queue is full is told to wait.
 */
import { randomBytes } from "node:crypto";
import { hash, verify } from "@node-rs/argon2";
import { Refusal } from "../refusal.ts";

const ARGON2ID = 2;
const hashing = { algorithm: ARGON2ID, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

const AT_ONCE = 2;
const QUEUE = 20;
let running = 0;
const waiting: (() => void)[] = [];

/** Hashes a new password, with a salt of its own. @throws Refusal 429 when too many are waiting */
export function hashPassword(password: string): Promise<string> {
  return gated(() => hash(password, hashing));
}

let nobodys: Promise<string> | undefined;

/**
 * Whether a password is the one that was hashed. Without a hash the answer is no, after the same work.
 * @throws Refusal 429 when too many are waiting
 */
export async function isPassword(passwordHash: string | null, password: string): Promise<boolean> {
  nobodys ??= hash(randomBytes(32).toString("base64url"), hashing);
  const against = passwordHash ?? (await nobodys);
  const right = await gated(() => verify(against, password));
  return right && passwordHash !== null;
}

async function gated<T>(work: () => Promise<T>): Promise<T> {
  if (running >= AT_ONCE) {
    if (waiting.length >= QUEUE) {
      throw new Refusal("RateLimitExceeded", "Too many logins at once: wait a second", { retryAfter: 1 });
    }
    await new Promise<void>((go) => waiting.push(go));
  } else {
    running += 1;
  }
  try {
    return await work();
  } finally {
    // A place is handed on, or given back.
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  }
}
