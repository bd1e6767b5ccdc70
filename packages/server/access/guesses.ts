/**
 * Proving who one is by a password. Owns the order that makes guessing hopeless: guesses at one person take turns, each is
 * counted before it is tried and taken back only when it was right, and a wait holds for the right password too. A stranger
 * takes the same way, and the same time, as somebody who is known.
 */
import { createHash } from "node:crypto";
import { loginAttempts, type Store, users } from "@dayfly/store";
import { Refusal } from "../refusal.ts";
import { isPassword } from "./passwords.ts";
import { createTurns } from "./turns.ts";

const perPerson: loginAttempts.AttemptRule = { tries: 3, withinSeconds: 30, waitSeconds: 300 };
/** Many people, and machines, may stand behind one address. */
export const perAddress: loginAttempts.AttemptRule = { tries: 60, withinSeconds: 30, waitSeconds: 60 };

const turns = createTurns(64);
const isAddress = /^[\x21-\x7e]+$/;

/** The key under which the tries of one address are counted, of people and machines together. */
export function addressKey(ip: string | null): string {
  return `address:${ip}`;
}

/** @throws Refusal 429 when one of the keys has to wait */
export function refuseWaiting(seconds: number): void {
  if (seconds <= 0) return;
  throw new Refusal("RateLimitExceeded", `Too many wrong logins: wait ${seconds} s`, { retryAfter: seconds });
}

/** The person with this e-mail address and password; undefined for every other pair. @throws Refusal 429 */
export async function provenBy(
  store: Store,
  email: string,
  password: string,
  ip: string | null,
): Promise<users.User | undefined> {
  const canonical = users.canonical(email);
  // What was typed is not kept: people type passwords into the wrong field.
  const key = `user:${createHash("sha256").update(canonical).digest("base64url")}`;
  const counted = [
    { key, rule: perPerson },
    { key: addressKey(ip), rule: perAddress },
  ];
  const keys = counted.map((one) => one.key);
  refuseWaiting(await loginAttempts.waiting(store, keys));
  return turns.take(key, async () => {
    await store.transaction(async (tx) => {
      await loginAttempts.takeTurn(tx, key);
      refuseWaiting(await loginAttempts.waiting(tx, keys));
      for (const { key, rule } of counted) await loginAttempts.failed(tx, key, rule);
    });
    const forgive = () =>
      store.transaction(async (tx) => {
        for (const { key, rule } of counted) await loginAttempts.forgive(tx, key, rule);
      });
    const user = isAddress.test(canonical) ? await users.byEmail(store, canonical) : undefined;
    const mayTry = user !== undefined && user.disabled_at === null;
    const right = await isPassword(mayTry ? user.password_hash : null, password).catch(async (error) => {
      // It was not tried at all.
      await forgive();
      throw error;
    });
    if (!right) return undefined;
    await forgive();
    return user;
  });
}
