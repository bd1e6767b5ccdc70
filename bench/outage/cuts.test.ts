import assert from "node:assert/strict";
import { test } from "node:test";
import { createCutter, type Plan } from "./cuts.ts";

/** A message as the client sends it. */
function message(type: string, text: string): Buffer {
  const body = Buffer.from(`${text}\0`);
  const head = Buffer.alloc(type.length + 4);
  head.write(type);
  head.writeUInt32BE(body.length + 4, type.length);
  return Buffer.concat([head, body]);
}

const begin = message("Q", "begin");
const commit = message("Q", "commit");
const statement = message("E", "");
const audit = message("B", '\0\0{"event":"lease.issued"}');
const recorded = message("B", '\0s1\0{"{\\"event\\":\\"lease.gone\\"}"}');
const answer = Buffer.from("C");

/** Sends these on one connection; says what became of each. */
function send(
  plan: Plan,
  ...chunks: [("to-server" | "to-client")?, Buffer?][]
): { went: (string | number)[]; cut: Promise<unknown> } {
  const cutter = createCutter();
  cutter.hook(message("", "\0\x03\0\0user"), "to-server", 1);
  const cut = cutter.cut(plan, new AbortController().signal);
  return { went: chunks.map(([direction, chunk]) => cutter.hook(chunk!, direction!, 1)), cut };
}

test("a BEGIN is cut before it is sent", async () => {
  const { went, cut } = send({ point: "begin" }, ["to-server", begin]);
  assert.deepEqual(went, [0]);
  assert.deepEqual(await cut, { point: "begin", events: [], alone: false });
});

test("the answer to a COMMIT is cut when it comes, and no other answer", async () => {
  const sent: Parameters<typeof send>[1][] = [
    ["to-server", begin],
    ["to-client", answer],
    ["to-server", Buffer.concat([statement, audit])],
    ["to-client", answer],
    ["to-server", commit],
    ["to-client", answer],
    ["to-client", answer],
  ];
  const { went, cut } = send({ point: "commit-answer", event: "lease.issued" }, ...sent);
  assert.deepEqual(went, ["pass", "pass", "pass", "pass", "pass", 0, "pass"]);
  assert.deepEqual(await cut, { point: "commit-answer", events: ["lease.issued"], alone: false });
});

test("a statement that stands alone with its record is a commit, one without is not", async () => {
  const { went, cut } = send(
    { point: "commit", event: "lease.gone" },
    ["to-server", statement],
    ["to-server", Buffer.concat([audit, statement])],
    ["to-server", recorded],
    ["to-server", statement],
  );
  assert.deepEqual(went, ["pass", "pass", "pass", 0]);
  assert.deepEqual(await cut, { point: "commit", events: ["lease.gone"], alone: true });
});

test("a transaction for something else commits", () => {
  const { went } = send(
    { point: "commit", event: "lease.gone" },
    ["to-server", begin],
    ["to-server", audit],
    ["to-server", commit],
  );
  assert.deepEqual(went, ["pass", "pass", "pass"]);
});

test("a message in two chunks counts when it is whole, and only statements of a transaction count", () => {
  const { went } = send(
    { point: "statement", after: 1 },
    ["to-server", statement],
    ["to-server", begin],
    ["to-server", statement],
    ["to-server", statement.subarray(0, 3)],
    ["to-server", statement.subarray(3)],
  );
  assert.deepEqual(went, ["pass", "pass", "pass", "pass", 0]);
});
