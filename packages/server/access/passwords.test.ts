import assert from "node:assert/strict";
import { test } from "node:test";
import { hashPassword, isPassword } from "./passwords.ts";

test("a password is kept as argon2id of 19 MiB in two passes, with a salt of its own", async () => {
  const [one, two] = [await hashPassword("the same password"), await hashPassword("the same password")];
  assert.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  assert.notEqual(one, two);
  assert.deepEqual(
    [await isPassword(one, "the same password"), await isPassword(one, "The same password")],
    [true, false],
  );
});

test("where there is no password no password is right", async () => {
  assert.equal(await isPassword(null, ""), false);
});

test("two are hashed at once, twenty wait, and whoever comes then is told to come again", async () => {
  const asked = await Promise.allSettled(Array.from({ length: 30 }, () => hashPassword("a password")));
  const refused = asked.filter((one) => one.status === "rejected");
  assert.equal(refused.length, 8);
  for (const { reason } of refused) assert.deepEqual([reason.error, reason.retryAfter], ["RateLimitExceeded", 1]);
  await hashPassword("afterwards there is room");
});
