import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import { onEnding } from "./ending.ts";

function wishes() {
  const source = new EventEmitter();
  const heard: string[] = [];
  onEnding(
    () => heard.push("end"),
    () => heard.push("now"),
    source,
  );
  return { source, heard };
}

test("one Ctrl-C that arrives three ways is one wish", () => {
  const { source, heard } = wishes();
  for (let way = 0; way < 3; way++) source.emit("SIGINT");
  assert.deepEqual(heard, ["end"]);
});

test("a later Ctrl-C is the wish to stop at once", (t) => {
  let now = 1000;
  t.mock.method(performance, "now", () => now);
  const { source, heard } = wishes();
  source.emit("SIGINT");
  now += 1500;
  source.emit("SIGINT");
  assert.deepEqual(heard, ["end", "now"]);
});

test("a launcher that is gone is a wish to stop", () => {
  const { source, heard } = wishes();
  source.emit("disconnect");
  assert.deepEqual(heard, ["end"]);
});
