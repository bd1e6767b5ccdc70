import assert from "node:assert/strict";
import { test } from "node:test";
import { mainJobLines, type Started, startedLines } from "./report.ts";

const started: Started = {
  version: "0.1.0",
  seconds: 2.34,
  postgres: "PostgreSQL 18.4",
  url: "http://localhost:8080",
  dataDir: `${process.cwd()}/.data`,
  keyFile: `${process.cwd()}/.data/root.key`,
  admin: { email: "admin@localhost", password: "only-once" },
  demo: true,
};

test("the admin's password goes to a terminal and nowhere else", () => {
  assert.match(startedLines(started, true).join("\n"), /admin@localhost \/ only-once/);
  const text = startedLines(started, false).join("\n");
  assert.doesNotMatch(text, /only-once/);
  assert.match(text, /\.data\/bootstrap\.json \(0600\)/);
});

test("first comes how to load the shell, then the address, and the key file is to be backed up", () => {
  const [head, shell, api, , key] = startedLines(started, false);
  assert.match(head!, /^Dayfly 0\.1\.0 {3}ready in 2\.3 s/);
  assert.match(shell!, /Shell +\. \.data\/demo\.env/);
  assert.match(api!, /http:\/\/localhost:8080/);
  assert.match(key!, /\.data\/root\.key +back up this key file/);
});

test("a later start shows no password, and a start without demo no shell", () => {
  const text = startedLines({ ...started, admin: null, demo: false }, true).join("\n");
  assert.doesNotMatch(text, /only-once|Shell/);
});

test("a main job that failed says at which step and why, after the steps that went well", () => {
  const steps = [{ name: "lease", ms: 14.2 }];
  const failure = { step: "log in", message: "password authentication failed" };
  const lines = mainJobLines({ secret: "s", target: "orders", steps, failure, leaseId: "1" }, null);
  assert.match(lines[1]!, /lease 14 ms/);
  assert.match(lines[2]!, /FAILED at "log in": password authentication failed/);
});

test("what the server found is told: sessions that were ended, and advice for the statements", () => {
  const steps = [{ name: "revoke", ms: 9.14 }];
  const job = { secret: "s", target: "orders", steps, failure: null, leaseId: "1" };
  const lines = mainJobLines(job, { sessionsEnded: 1, advice: "the statement alone would fail" });
  assert.match(lines[1]!, /revoke 9\.1 ms \(1 session ended\), proven gone/);
  assert.match(lines[2]!, /note {2}the statement alone would fail/);
});
