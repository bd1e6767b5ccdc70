import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { changedTtl, optionalTtl, readTtl, ttl, ttlExample, ttlProblem } from "./ttl.ts";

const accepted: Record<string, number> = {
  "30m": 1800,
  "2h": 7200,
  "1.5h": 5400,
  ".5h": 1800,
  "7d": 604_800,
  "2 days": 172_800,
  "1 DAY": 86_400,
  "3 Hrs": 10_800,
  "90 secs": 90,
  "1w": 604_800,
  "1y": 31_557_600,
  "10 years": 315_576_000,
  "3600000": 3600,
  "1500": 1,
  "1999ms": 1,
  "4.35 minutes": 261,
  "2h30m": 9000,
  "1d12h": 129_600,
  "1w1d1h1m1s": 694_861,
  PT1H30M: 5400,
  P1DT12H: 129_600,
  P2W: 1_209_600,
  pt45s: 45,
  "1h ": 3600,
  " 1h": 3600,
  "0": 0,
};

const refused = [
  "",
  " ",
  "-3m",
  "+3m",
  "NaN",
  "Infinity",
  "1e21",
  "1e3",
  "0x10",
  "h",
  "m5",
  ".",
  ".h",
  "5.",
  "1 h 2",
  "1h 30m",
  "30m2h",
  "1h1h",
  "1.5h30m",
  "1,5h",
  "1\th",
  "1h\0",
  "10 years+1",
  "1 month",
  "1mo",
  "5 apples",
  "P",
  "PT",
  "P1DT",
  "P1Y",
  "P1M",
  "PT1.5H",
  "P1H",
  "١h",
  `${"1".repeat(63)}ms`,
];

test("each accepted form is read as whole seconds, rounded down", () => {
  for (const [text, seconds] of Object.entries(accepted)) assert.equal(readTtl(text), seconds, text);
});

test("each refused form is refused and not guessed", () => {
  for (const text of refused) assert.equal(readTtl(text), null, JSON.stringify(text));
});

test("a fraction is reckoned exactly", () => {
  const digits = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 8 }).map((all) => all.join(""));
  fc.assert(
    fc.property(
      fc.nat(9999),
      digits,
      fc.constantFrom(["s", 1], ["m", 60], ["h", 3600], ["d", 86_400]),
      (whole, part, unit) => {
        const [name, seconds] = unit as [string, number];
        const exact = (BigInt(`${whole}${part}`) * BigInt(seconds)) / 10n ** BigInt(part.length);
        assert.equal(readTtl(`${whole}.${part}${name}`), Number(exact));
      },
    ),
  );
});

test("no text is read as a negative, broken or endless number", () => {
  const nearly = fc.stringMatching(/^[0-9.]{0,8} ?[a-zA-Z]{0,8}[-+0-9.hmsdwPTe ]{0,20}$/);
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: "binary" }), nearly), (text) => {
      const seconds = readTtl(text);
      assert.ok(seconds === null || (Number.isInteger(seconds) && seconds >= 0));
    }),
    { numRuns: 3000 },
  );
});

test("a compound means the sum of its parts", () => {
  const part = fc.option(fc.nat(999), { nil: undefined });
  fc.assert(
    fc.property(part, part, part, part, (days, hours, minutes, seconds) => {
      const given = { d: days, h: hours, m: minutes, s: seconds };
      const text = Object.entries(given)
        .filter(([, count]) => count !== undefined)
        .map(([unit, count]) => `${count}${unit}`)
        .join("");
      fc.pre(text !== "");
      const sum = (days ?? 0) * 86_400 + (hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0);
      assert.equal(readTtl(text), sum);
    }),
  );
});

test("a hostile text costs no more than its length", () => {
  const started = performance.now();
  for (let n = 0; n < 1000; n++) readTtl(`${"1".repeat(1_000_000)}x`);
  for (let n = 0; n < 1000; n++) readTtl(`${"1d".repeat(31)}x`);
  assert.ok(performance.now() - started < 1000);
});

test("bounds are one minute to ten years, and the lower one can be set", () => {
  assert.equal(ttlProblem(60), null);
  assert.equal(ttlProblem(315_576_000), null);
  assert.match(ttlProblem(59)!, /^TTL must be a greater than 1min/);
  assert.match(ttlProblem(315_576_001)!, /^TTL must be less than 10 years/);
  assert.match(ttlProblem(Number.NaN)!, /greater than/);
  assert.equal(ttlProblem(1, { min: 1, max: 10 }), null);
  assert.match(ttlProblem(0, { min: 1, max: 10 })!, /greater than 1s/);
  assert.match(ttlProblem(11, { min: 1, max: 10 })!, /less than 10s/);
});

test("a required TTL keeps its text and is refused with an example", () => {
  assert.deepEqual(ttl.parse("2 Days "), { text: "2 Days ", seconds: 172_800 });
  for (const text of refused) assert.equal(ttl.safeParse(text).error?.issues[0]?.message, ttlExample, text);
  assert.equal(ttl.safeParse(3_600_000).success, false);
  assert.match(ttl.safeParse("999").error!.issues[0]!.message, /greater than/);
  assert.match(ttl.safeParse("11y").error!.issues[0]!.message, /less than 10 years/);
});

test('an optional TTL takes "", null and nothing as the default', () => {
  for (const given of ["", null, undefined]) assert.equal(optionalTtl.parse(given), null);
  assert.deepEqual(optionalTtl.parse("1h"), { text: "1h", seconds: 3600 });
  assert.equal(optionalTtl.safeParse(" ").success, false);
});

test("a changed TTL tells keeping from taking away", () => {
  assert.equal(changedTtl.parse(undefined), undefined);
  for (const given of ["", null]) assert.equal(changedTtl.parse(given), null);
  assert.equal(changedTtl.parse("1h")?.seconds, 3600);
});
