import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import type { PasswordRules } from "@dayfly/targets";
import { checkPasswordRules, drawPassword, drawText, PasswordRulesFault } from "./passwords.ts";

const LETTERS_AND_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const none = { lowercase: 0, uppercase: 0, digits: 0, symbols: 0 };
const sql: PasswordRules = {
  length: 48,
  alphabet: LETTERS_AND_DIGITS,
  required: { ...none, lowercase: 1, uppercase: 1, digits: 1 },
};
const cache: PasswordRules = { ...sql, length: 64, alphabet: `${LETTERS_AND_DIGITS}-_.~` };

/** The value that a chi-square of these characters passes once in a thousand runs (Wilson and Hilferty). */
function chiSquare(text: string, alphabet: string): { value: number; limit: number } {
  const counts = new Map([...alphabet].map((char) => [char, 0]));
  for (const char of text) counts.set(char, counts.get(char)! + 1);
  const expected = text.length / alphabet.length;
  const value = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  const freedom = alphabet.length - 1;
  const ninth = 2 / (9 * freedom);
  return { value, limit: freedom * (1 - ninth + 3.0902 * Math.sqrt(ninth)) ** 3 };
}

test("a password has its length, its alphabet and every required kind, and starts with a letter or digit", () => {
  const rules = { ...cache, required: { lowercase: 3, uppercase: 3, digits: 3, symbols: 2 } };
  for (let i = 0; i < 2_000; i += 1) {
    const password = drawPassword(rules, randomBytes);
    assert.match(password, /^[A-Za-z0-9][A-Za-z0-9_.~-]{63}$/);
    for (const [kind, least] of [
      [/[a-z]/g, 3],
      [/[A-Z]/g, 3],
      [/[0-9]/g, 3],
      [/[-_.~]/g, 2],
    ] as const) {
      assert.ok(password.match(kind)!.length >= least, password);
    }
  }
});

test("ten thousand passwords are ten thousand different ones", () => {
  assert.equal(new Set(Array.from({ length: 10_000 }, () => drawPassword(sql, randomBytes))).size, 10_000);
});

test("a draw that misses a required kind is thrown away whole", () => {
  // Bytes below 62 pick that character; the first draw has no digit.
  const draws = ["a", "aB".repeat(24).slice(1), "c", `${"aB".repeat(23)}7`];
  const handed = (bytes: number): Buffer => {
    const next = draws.shift()!;
    assert.equal(next.length, bytes);
    return Buffer.from([...next].map((char) => LETTERS_AND_DIGITS.indexOf(char)));
  };
  assert.equal(drawPassword(sql, handed), `c${"aB".repeat(23)}7`);
});

test("K06: a million drawn characters are as even as chance allows", () => {
  const draw = (): { value: number; limit: number } => {
    let text = "";
    while (text.length < 1_000_000) text += drawPassword(sql, randomBytes);
    return chiSquare(text, LETTERS_AND_DIGITS);
  };
  // Fair characters pass p > 0.001 but once in a thousand runs: only two misses in a row count.
  const first = draw();
  const { value, limit } = first.value < first.limit ? first : draw();
  assert.ok(value < limit, `chi-square ${value} above ${limit}`);
});

test("K06: the same measure finds the bias of a plain remainder", () => {
  const biased = Array.from(randomBytes(1_000_000), (byte) => LETTERS_AND_DIGITS[byte % 62]).join("");
  const { value, limit } = chiSquare(biased, LETTERS_AND_DIGITS);
  assert.ok(value > 10 * limit);
});

test("K06: what is worth fewer than 128 bits is refused, with what to change", () => {
  // 62 letters and digits are worth 5.95 bits each: 22 of them 131, 21 of them 125.
  checkPasswordRules({ ...sql, length: 22, required: none });
  assert.throws(
    () => drawPassword({ ...sql, length: 21, required: none }, randomBytes),
    refusal(/leave 125 bits.*longer than 21/),
  );
  assert.throws(
    () => checkPasswordRules({ ...sql, length: 38, alphabet: "0123456789", required: none }),
    refusal(/126 bits/),
  );
  checkPasswordRules({ ...sql, length: 39, alphabet: "0123456789", required: none });
});

test("what is required takes away from the bits", () => {
  const strict = { ...sql, length: 22, required: { ...none, lowercase: 13 } };
  assert.throws(() => checkPasswordRules(strict), refusal(/leave 12[0-7] bits/));
});

test("rules that no draw, or hardly any, can keep are refused instead of drawn for ever", () => {
  for (const required of [
    { ...none, symbols: 1 },
    { ...none, digits: 49 },
    { lowercase: 20, uppercase: 20, digits: 20, symbols: 0 },
    { ...none, digits: 40 },
  ]) {
    assert.throws(() => drawPassword({ ...sql, required }, randomBytes), refusal(/Hardly any/));
  }
});

test("characters that end a quote, a URL or a shell word are never symbols", () => {
  for (const char of [..."'\"\\$;{}%@:/? \t\n\0é"]) {
    assert.throws(
      () => checkPasswordRules({ ...cache, alphabet: LETTERS_AND_DIGITS + char }),
      PasswordRulesFault,
      char,
    );
  }
  assert.throws(
    () => checkPasswordRules({ ...cache, alphabet: `${LETTERS_AND_DIGITS}aa` }),
    refusal(/each character once/),
  );
});

test("the longest password the wire knows is checked and drawn in milliseconds", () => {
  const start = performance.now();
  drawPassword({ ...cache, length: 250 }, randomBytes);
  assert.ok(performance.now() - start < 100);
});

test("text is drawn again where a byte would favour the first characters", () => {
  const bytes = [255, 248, 0, 61];
  assert.equal(
    drawText(LETTERS_AND_DIGITS, 2, () => Buffer.from([bytes.shift()!])),
    "A9",
  );
});

function refusal(words: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof PasswordRulesFault && words.test(error.message);
}
