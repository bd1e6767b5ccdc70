import assert from "node:assert/strict";
import { test } from "node:test";
import { createSlots } from "./slots.ts";

const forever = new AbortController().signal;

test("R07: a target that hangs holds its own slots and no others", async () => {
  const slots = createSlots(2, 10);
  await slots.take("dead", forever);
  await slots.take("dead", forever);
  assert.equal(slots.free("dead"), 0);
  assert.equal(slots.free("well"), 2);
});

test("a released slot goes to who has waited longest", async () => {
  const slots = createSlots(1, 10);
  const release = await slots.take("t", forever);
  const order: number[] = [];
  const first = slots.take("t", forever).then((next) => {
    order.push(1);
    next();
  });
  const second = slots.take("t", forever).then((next) => {
    order.push(2);
    next();
  });
  release();
  await Promise.all([first, second]);
  assert.deepEqual(order, [1, 2]);
  assert.equal(slots.free("t"), 1);
});

test("who waits gives up at the deadline and takes nothing", async () => {
  const slots = createSlots(1, 10);
  const release = await slots.take("t", forever);
  const stop = new AbortController();
  const waiting = slots.take("t", stop.signal);
  stop.abort(new Error("deadline"));
  await assert.rejects(waiting, /deadline/);
  release();
  assert.equal(slots.free("t"), 1);
});

test("releasing twice frees one slot", async () => {
  const slots = createSlots(2, 10);
  const release = await slots.take("t", forever);
  await slots.take("t", forever);
  release();
  release();
  assert.equal(slots.free("t"), 1);
});

test("the limit over all targets holds", async () => {
  const slots = createSlots(8, 3);
  for (const target of ["a", "b", "c"]) await slots.take(target, forever);
  assert.equal(slots.free("d"), 0);
});

test("R32: who ends an account goes before those who wait to make one, and after those who end one already", async () => {
  const slots = createSlots(1, 10);
  const release = await slots.take("t", forever);
  const order: string[] = [];
  const waits = (["make 1", "end 1", "make 2", "end 2"] as const).map((who) =>
    slots.take("t", forever, who.startsWith("end")).then((next) => {
      order.push(who);
      next();
    }),
  );
  release();
  await Promise.all(waits);
  assert.deepEqual(order, ["end 1", "end 2", "make 1", "make 2"]);
});
