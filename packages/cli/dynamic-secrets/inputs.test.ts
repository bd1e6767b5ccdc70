import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, test } from "node:test";
import type { Invocation } from "../invocation.ts";
import { createRedactor } from "../redact.ts";
import { type InputFlags, readInputs } from "./inputs.ts";

const cwd = mkdtempSync(join(tmpdir(), "dayfly-inputs-"));
after(() => rmSync(cwd, { recursive: true, force: true }));
writeFileSync(join(cwd, "create.sql"), '{"not": "json but a text"}\n');
writeFileSync(join(cwd, "base.json"), '{"host": "old", "port": 1}');

/** As much of a run as inputs look at. */
function given(flags: InputFlags, stdin = "") {
  const warnings: string[] = [];
  const redactor = createRedactor([]);
  const world = { cwd, stdin: Readable.from([Buffer.from(stdin)]), stderr: {} };
  const run = { flags, world, redactor, warn: (text: string) => warnings.push(text) };
  return { run: run as unknown as Invocation<InputFlags>, warnings, redactor };
}

test("typed values are numbers, booleans and JSON where they look like it, else texts", async () => {
  const set = ["port=5432", "tls=true", 'database="2024"', "host=db.example", "version=1.2.3", "roles=[1]", "empty="];
  const inputs = await readInputs(given({ set }).run);
  assert.deepEqual(inputs, {
    port: 5432,
    tls: true,
    database: "2024",
    host: "db.example",
    version: "1.2.3",
    roles: [1],
    empty: "",
  });
});

test("a text from a file or stdin stays a text, and a secret is never guessed at", async () => {
  const { run } = given({ set: ["creationStatement=@create.sql"], secret: ["password=-"] }, "12345\n");
  assert.deepEqual(await readInputs(run), { creationStatement: '{"not": "json but a text"}', password: "12345" });
});

test("a dot reaches inside, and what comes later wins over the file", async () => {
  const { run } = given({ inputsFile: "base.json", set: ["host=new", "auth.type=iam", "auth.key=k"] });
  assert.deepEqual(await readInputs(run), { host: "new", port: 1, auth: { type: "iam", key: "k" } });
});

test("a hostile key is a field like any other", async () => {
  const inputs = await readInputs(given({ set: ["__proto__.polluted=1", "constructor=2"] }).run);
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  assert.deepEqual(Object.keys(inputs), ["__proto__", "constructor"]);
});

test("a secret typed as an argument is warned of, a reference is not, and either is hidden later", async () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference, as it is typed
  const { run, warnings, redactor } = given({ secret: ["password=typed-secret", "token=${prod.a.TOKEN}"] });
  await readInputs(run);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /--secret password=…/);
  assert.equal(redactor.hide("it was typed-secret"), "it was [hidden]");
});

test("stdin is given out once", async () => {
  const { run } = given({ secret: ["a=-", "b=-"] }, "x");
  await assert.rejects(readInputs(run), /Two values ask for stdin/);
});
