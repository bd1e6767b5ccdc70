import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { BadRootKey, findRootKey, readRootKey } from "./root-key.ts";

const folder = mkdtempSync(join(tmpdir(), "dayfly-test-key-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const fresh = () => mkdtempSync(join(folder, "d-"));

test("a key is read from hexadecimal digits and from base64, with blanks around it", () => {
  const bytes = randomBytes(32);
  for (const text of [bytes.toString("hex"), bytes.toString("base64"), `${bytes.toString("base64url")}\n`]) {
    assert.deepEqual(readRootKey(text).export(), bytes);
  }
});

test("a short, long, constant, counted or published key is refused, and not repeated", () => {
  const bad = [
    "",
    "password",
    randomBytes(16).toString("hex"),
    randomBytes(33).toString("base64"),
    "0".repeat(64),
    Buffer.alloc(32).toString("base64"),
    "ab".repeat(32),
    Buffer.from("0123456701234567012345670123456701234567").subarray(0, 32).toString("base64"),
    Buffer.from(Array.from({ length: 32 }, (_, n) => n)).toString("base64"),
    "6c1fe4e407b8911c104518103505b218",
  ];
  for (const text of bad) {
    assert.throws(
      () => readRootKey(text),
      (error: Error) => error instanceof BadRootKey && (text === "" || !error.message.includes(text)),
    );
  }
});

test("a key file is made 0400 when it may be, and found again", async () => {
  const dataDir = fresh();
  const made = await findRootKey({ rootKey: undefined, dataDir }, async () => true);
  assert.equal(made.made, true);
  assert.equal(statSync(made.file!).mode & 0o777, 0o400);
  const again = await findRootKey({ rootKey: undefined, dataDir }, async () => assert.fail("there is one"));
  assert.deepEqual(again.key.export(), made.key.export());
});

test("a key file is never there by half, so that a kill while it is made stops no later start", async () => {
  const dataDir = fresh();
  const file = join(dataDir, "root.key");
  let done = false;
  const making = findRootKey({ rootKey: undefined, dataDir }, async () => true).finally(() => {
    done = true;
  });
  while (!done) {
    if (existsSync(file)) assert.equal(readFileSync(file, "utf8").length, 45);
    await new Promise((settle) => setImmediate(settle));
  }
  await making;
  assert.deepEqual(readdirSync(dataDir), ["root.key"]);
});

test("no key is made over rows that are there", async () => {
  const dataDir = fresh();
  await assert.rejects(
    findRootKey({ rootKey: undefined, dataDir }, async () => false),
    BadRootKey,
  );
  assert.ok(!existsSync(join(dataDir, "root.key")));
});

test("a key file that others may read, or that is not there, is refused", async () => {
  const file = join(fresh(), "key");
  const settings = { rootKey: { file }, dataDir: fresh() };
  await assert.rejects(
    findRootKey(settings, async () => true),
    /does not exist/,
  );
  writeFileSync(file, randomBytes(32).toString("base64"));
  chmodSync(file, 0o440);
  await assert.rejects(
    findRootKey(settings, async () => true),
    /chmod 400/,
  );
  chmodSync(file, 0o400);
  const found = await findRootKey(settings, async () => false);
  assert.equal(found.key.export().toString("base64"), readFileSync(file, "utf8"));
});
