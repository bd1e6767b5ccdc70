import assert from "node:assert/strict";
import { test } from "node:test";
import { Refusal } from "../refusal.ts";
import { createCrowd } from "./crowd.ts";

test("one too many under a key is refused at once, another key is not, and who leaves makes room, also by failing", async () => {
  const crowd = createCrowd(2, "too many");
  const first = Promise.withResolvers<void>();
  const running = [crowd.enter("a", () => first.promise), crowd.enter("a", () => first.promise)];
  const isRefusal = (error: unknown) => error instanceof Refusal && error.error === "RateLimitExceeded";
  await assert.rejects(
    crowd.enter("a", async () => assert.fail("it must not run")),
    isRefusal,
  );
  assert.equal(await crowd.enter("b", async () => 1), 1);
  first.reject(new Error("failed"));
  for (const one of running) await assert.rejects(one, /failed/);
  assert.equal(await crowd.enter("a", async () => 2), 2);
});
