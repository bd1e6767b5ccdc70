/** The server as its document promises it, looked at by schemathesis; `npm run bench -- fuzz` lets it ask far more. */
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { after, before, test } from "node:test";
import { openScene, type Scene } from "../testing/fuzz/scene.ts";
import { askBySchemathesis } from "../testing/fuzz/schemathesis.ts";

let scene: Scene;
before(async () => {
  scene = await openScene();
});
after(() => scene?.stop());

test("schemathesis finds no answer that the document does not declare, and no 500", async (context) => {
  const asked = { seed: randomInt(1_000_000), examples: 4, phases: "fuzzing" };
  const { requests, seconds, code, text } = await askBySchemathesis(scene, asked);
  context.diagnostic(`seed ${asked.seed}: ${requests} requests in ${Math.round(seconds)} s`);
  assert.equal(code, 0, `${text.slice(0, 10_000)}\nrepeat: npm run bench -- fuzz --seed ${asked.seed}`);
  assert.ok(requests > 300, `only ${requests} requests\n${text.slice(0, 2_000)}`);
  await scene.stranger.check();
});
