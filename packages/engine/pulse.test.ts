import assert from "node:assert/strict";
import { test } from "node:test";
import { ask } from "./ask.ts";
import type { Config } from "./configs.ts";
import type { Context } from "./context.ts";
import { createPulse } from "./pulse.ts";

test("a node that stood still knows it at once, and of what began later that it did not", (t) => {
  let now = 10_000;
  const pulse = createPulse(() => now);
  t.after(pulse.stop);
  assert.equal(pulse.stoodStillSince(9_000), false);
  now += 1_900;
  assert.equal(pulse.stoodStillSince(10_000), false);
  now += 30_000;
  assert.equal(pulse.stoodStillSince(11_000), true);
  now += 100;
  assert.equal(pulse.stoodStillSince(11_000), true, "a call under way when it stopped may end later");
  assert.equal(pulse.stoodStillSince(42_000), false);
});

/** What the breaker is told when a call gets no answer, by a node that stood still meanwhile or did not. */
async function toldAfterSilence(stoodStill: boolean): Promise<unknown[]> {
  const told: unknown[] = [];
  const silence = new Error("no answer");
  const context = {
    breaker: { admit: async () => ({ isProbe: false }), ended: async (_: Config, error: unknown) => told.push(error) },
    slots: { take: async () => () => undefined, slower() {}, faster() {} },
    connections: { use: () => Promise.reject(silence) },
    pulse: { stoodStillSince: () => stoodStill },
  } as unknown as Context;
  const config = { targetKey: Buffer.from("t"), target: { classify: () => "unreachable" } } as unknown as Config;
  const asking = { config, endpoint: {} as never, deadline: new AbortController().signal };
  await assert.rejects(
    ask(context, asking as never, async () => undefined),
    silence,
  );
  return told.map((error) => (error === silence ? "silence" : error));
}

test("R12: a target is not held to be down because the node that asked it stood still", async () => {
  assert.deepEqual(await toldAfterSilence(false), ["silence"]);
  assert.deepEqual(await toldAfterSilence(true), []);
});
