// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are what this is about
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Spot } from "./api.ts";
import { RuleBroken } from "./errors.ts";
import { expandReferences, nameOf, readReferences } from "./references.ts";

const here = { environment: "prod", path: "/app" };

/** Secrets by "env:path:key", read by somebody who may read all of them. */
function expand(texts: string[], secrets: Record<string, string>, asked: string[][] = []): Promise<string[]> {
  const values = texts.map((text) => ({ text, at: { ...here, key: null } }));
  return expandReferences(values, async (spots: Spot[]) => {
    asked.push(spots.map(nameOf));
    return new Map(spots.flatMap((spot) => (nameOf(spot) in secrets ? [[nameOf(spot), secrets[nameOf(spot)]!]] : [])));
  });
}

test("a name alone is a secret beside, one with dots an environment, folders and a secret", () => {
  assert.deepEqual(readReferences("a${KEY}b${dev.X}${prod.database.admin.PASS}", here), [
    "a",
    { written: "${KEY}", spot: { ...here, key: "KEY" } },
    "b",
    { written: "${dev.X}", spot: { environment: "dev", path: "/", key: "X" } },
    { written: "${prod.database.admin.PASS}", spot: { environment: "prod", path: "/database/admin", key: "PASS" } },
  ]);
});

test("what is no reference is text, whatever it looks like", () => {
  for (const text of ["$", "${", "${}", "${A", "${A B}", "${.A}", "${A.}", "${a..B}", "$A", "{A}", "${é}", "$ {A}"]) {
    assert.deepEqual(readReferences(text, here), [text]);
  }
  assert.deepEqual(readReferences("", here), []);
  assert.deepEqual(readReferences("${${A}}", here), ["${", { written: "${A}", spot: { ...here, key: "A" } }, "}"]);
});

test("cutting loses nothing", () => {
  const piece = fc.constantFrom("$", "{", "}", "${", "${A}", "${a.B}", ".", "A", "é", " ");
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const text = pieces.join("");
      const parts = readReferences(text, here).map((part) => (typeof part === "string" ? part : part.written));
      assert.equal(parts.join(""), text);
    }),
  );
});

test("references are filled in through each other, each relative to where it is written", async () => {
  const secrets = {
    "prod:/app:URL": "postgres://${HOST}/${dev.db.NAME}",
    "prod:/app:HOST": "h",
    "dev:/db:NAME": "n-${SUFFIX}",
    "dev:/db:SUFFIX": "s",
    "prod:/app:SUFFIX": "wrong",
  };
  assert.deepEqual(await expand(["<${URL}>", "plain", "${HOST}${HOST}"], secrets), [
    "<postgres://h/n-s>",
    "plain",
    "hh",
  ]);
});

test("what is not found stays as written, and nothing that was filled in is read again", async () => {
  assert.deepEqual(await expand(["a ${NO} ${A}"], { "prod:/app:A": "$", "prod:/app:B": "b" }), ["a ${NO} $"]);
  assert.deepEqual(await expand(["${A}{B}"], { "prod:/app:A": "$", "prod:/app:B": "b" }), ["${B}"]);
});

test("a value without references asks for nothing, many secrets are asked for together, each once", async () => {
  const asked: string[][] = [];
  await expand(["no", "$x"], {}, asked);
  assert.deepEqual(asked, []);
  await expand(["${A}${B}${A}", "${B}"], { "prod:/app:A": "${C}", "prod:/app:B": "${C}", "prod:/app:C": "c" }, asked);
  assert.deepEqual(asked, [["prod:/app:A", "prod:/app:B"], ["prod:/app:C"]]);
});

test("a circle is refused and named, also one that closes on the value itself", async () => {
  const secrets = { "prod:/app:A": "${B}", "prod:/app:B": "${dev.C}", "dev:/:C": "${prod.app.A}" };
  await assert.rejects(expand(["x${A}"], secrets), {
    name: "RuleBroken",
    message: "The references go in a circle: prod:/app:A -> prod:/app:B -> dev:/:C -> prod:/app:A",
  });
  const own = { text: "${SELF}", at: { ...here, key: "SELF" } };
  await assert.rejects(
    expandReferences([own], async () => new Map([["prod:/app:SELF", "${SELF}"]])),
    /prod:\/app:SELF -> prod:\/app:SELF/,
  );
});

/** K1 refers to K2 and so on; the last of so many holds "end". */
function chain(length: number): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length }, (_, at) => [`prod:/app:K${at + 1}`, at + 1 === length ? "end" : `\${K${at + 2}}`]),
  );
}

test("ten deep is filled in, eleven is refused, also where a part of the way was filled in before", async () => {
  assert.deepEqual(await expand(["${K1}"], chain(10)), ["end"]);
  await assert.rejects(expand(["${K1}"], chain(11)), /more than 10 deep/);
  const joined = { ...chain(8), "prod:/app:J": "${J2}", "prod:/app:J2": "${J3}", "prod:/app:J3": "${K1}" };
  await assert.rejects(expand(["${K1}", "${J}"], joined), /more than 10 deep/);
  assert.deepEqual(await expand(["${K1}", "${J2}"], joined), ["end", "end"]);
});

test("S05: values that double each other are refused at 1 MiB and never built", async () => {
  const secrets: Record<string, string> = { "prod:/app:K9": "x".repeat(400_000) };
  for (let at = 1; at < 9; at += 1) secrets[`prod:/app:K${at}`] = `\${K${at + 1}}\${K${at + 1}}`;
  await assert.rejects(expand(["${K1}"], secrets), (error: Error) => {
    assert.ok(error instanceof RuleBroken);
    return /more than 1 MiB/.test(error.message);
  });
  const wide = Array.from({ length: 1_001 }, (_, at) => `\${W${at}}`).join("");
  await assert.rejects(expand([wide], {}), /more than 1000 different secrets/);
});
