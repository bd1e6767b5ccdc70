import assert from "node:assert/strict";
import { PassThrough, Writable } from "node:stream";
import { test } from "node:test";
import { run } from "./run.ts";

class Terminal extends Writable {
  readonly isTTY = true;
  readonly columns = 100;
  text = "";
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk;
    done();
  }
}

/** Runs a command on a terminal where a person types `keys` once they are asked. */
async function typed(keys: string, args: string[]) {
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => stdin });
  const [stdout, stderr] = [new Terminal(), new Terminal()];
  const write = stderr._write.bind(stderr);
  let asked = false;
  stderr._write = (chunk, encoding, done) => {
    write(chunk, encoding, done);
    if (asked || !stderr.text.includes("NAME")) return;
    asked = true;
    setImmediate(() => stdin.write(keys));
  };
  const env = {
    INFISICAL_DOMAIN: "http://127.0.0.1:1",
    INFISICAL_TOKEN: "t",
    INFISICAL_PROJECT_SLUG: "p",
    NO_COLOR: "1",
  };
  const code = await run({
    args,
    env,
    cwd: import.meta.dirname,
    home: import.meta.dirname,
    dataDir: import.meta.dirname,
    stdin,
    stdout,
    stderr,
    signal: new AbortController().signal,
    now: () => new Date(),
  });
  return { code, stdout: stdout.text, stderr: stderr.text };
}

test("Ctrl-C at a prompt ends with 130 and no error, having asked no server", async () => {
  const { code, stdout, stderr } = await typed("\x03", ["secrets", "set", "NAME"]);
  assert.equal(code, 130);
  assert.equal(stdout, "");
  assert.doesNotMatch(stderr, /error/);
});

test("a prompt names the flag that avoids it, and shows no letter of the answer", async () => {
  const { code, stderr } = await typed("hunter2-hunter2\r", ["secrets", "set", "NAME", "--timeout", "100ms"]);
  assert.equal(code, 8);
  assert.match(stderr, /NAME=@file or NAME=-/);
  assert.doesNotMatch(stderr, /hunter/);
});
