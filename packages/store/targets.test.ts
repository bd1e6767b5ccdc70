import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import type { Store } from "./store.ts";
import * as targets from "./targets.ts";
import { type Stores, stores } from "./testing/store.ts";
import { wakeAll } from "./wakeups.ts";

let all: Stores;
let store: Store;
before(async () => {
  all = await stores();
  store = await all.open();
});
after(() => all.stop());

const fresh = (): targets.Named => ({
  targetKey: randomBytes(32),
  credential: randomBytes(32),
  address: "db.example:5432",
  account: "admin",
});
const reserve = (login: targets.Named) => store.transaction((tx) => targets.reserveLogin(tx, login));
const refuse = (login: targets.Named, granted: string) =>
  store.transaction((tx) => targets.loginRefused(tx, login, granted, "wrong password"));
const due = (login: targets.Named) =>
  store.pool.query("update targets set probe_at = now() where target_key = $1", [login.targetKey]);

test("a host's breaker opens at the third call in a row without an answer, and says so once", async () => {
  const host = fresh();
  const silent = () => store.transaction((tx) => targets.unreachable(tx, host, "no answer"));
  assert.deepEqual([await silent(), await silent()], [false, false]);
  assert.equal(await store.transaction((tx) => targets.reached(tx, host.targetKey)), false);
  assert.deepEqual([await silent(), await silent(), await silent(), await silent()], [false, false, true, false]);
  assert.equal(await store.transaction((tx) => targets.reached(tx, host.targetKey)), true);
});

test("of many nodes one has the probe of a host that is down, and the next comes later", async () => {
  const host = fresh();
  for (let n = 0; n < 3; n += 1) await store.transaction((tx) => targets.unreachable(tx, host, "no answer"));
  assert.equal(await targets.takeProbe(store, host.targetKey), false);
  await due(host);
  const taken = await Promise.all(Array.from({ length: 8 }, () => targets.takeProbe(store, host.targetKey)));
  assert.equal(taken.filter(Boolean).length, 1);
  await store.transaction((tx) => targets.reached(tx, host.targetKey));
  assert.equal(await targets.takeProbe(store, host.targetKey), true, "nothing holds a healthy host back");
});

test("R14: of one login three may be under way or refused within five minutes, whoever asks", async () => {
  const login = fresh();
  const places = await Promise.all(Array.from({ length: 12 }, () => reserve(login)));
  const granted = places.flatMap((place) => ("granted" in place ? [place.granted] : []));
  assert.equal(granted.length, 3);
  const opened = [];
  for (const place of granted) opened.push(await refuse(login, place));
  assert.deepEqual(opened, [true, false, false]);
  await due(login);
  assert.ok("refused" in (await reserve(login)), "three were refused: not even the probe is let through");
  await store.pool.query(
    "update targets set failed_logins = array(select t - interval '301 s' from unnest(failed_logins) t) where target_key = $1",
    [login.targetKey],
  );
  const again = await reserve(login);
  assert.ok("granted" in again);
  assert.ok("refused" in (await reserve(login)), "one probe at a time");
  assert.equal(await store.transaction((tx) => targets.loginWorked(tx, login, again.granted)), true);
  assert.ok("granted" in (await reserve(login)));
});

test("a login whose node died gives its place back", async () => {
  const login = fresh();
  for (let n = 0; n < 3; n += 1) assert.ok("granted" in (await reserve(login)));
  assert.ok("refused" in (await reserve(login)));
  await store.pool.query(
    "update targets set pending_logins = array(select t - interval '11 s' from unnest(pending_logins) t) where target_key = $1",
    [login.targetKey],
  );
  assert.ok("granted" in (await reserve(login)));
});

test("a wake-up is heard when its transaction commits, and not before", async () => {
  let heard = 0;
  const listener = store.listen(() => (heard += 1));
  const until = async (count: number) => {
    for (let n = 0; n < 400 && heard < count; n += 1) await new Promise((settle) => setTimeout(settle, 10));
    return heard;
  };
  try {
    assert.equal(await until(1), 1, "once when it begins to listen");
    await store.transaction(async (tx) => {
      await wakeAll(tx);
      assert.equal(heard, 1);
    });
    assert.equal(await until(2), 2);
  } finally {
    await listener.stop();
  }
});
