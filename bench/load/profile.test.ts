import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readProfile } from "./profile.ts";

const frame = (functionName: string, url = "", lineNumber = 0) => ({ functionName, url, lineNumber });

test("a profile counts only its windows, and what Node does for the room that had it done", () => {
  const folder = mkdtempSync(join(tmpdir(), "dayfly-profile-"));
  try {
    const nodes = [
      { id: 1, callFrame: frame("(root)"), children: [2, 5, 6] },
      { id: 2, callFrame: frame("send", "file:///x/node_modules/pg/lib/client.js", 9), children: [3] },
      { id: 3, callFrame: frame("write", "node:net", 4), children: [4] },
      { id: 4, callFrame: frame("writev") },
      { id: 5, callFrame: frame("(idle)") },
      { id: 6, callFrame: frame("issue", "file:///x/packages/engine/issue.ts", 29) },
    ];
    // A millisecond each; the first two lie before the window.
    const samples = [6, 6, 4, 4, 2, 6, 5, 5];
    const profile = { nodes, startTime: 1_000_000, samples, timeDeltas: samples.map(() => 1_000) };
    writeFileSync(join(folder, "a.cpuprofile"), JSON.stringify(profile));
    const window = { name: "create", from: 1_002_500_000n, to: 1_008_500_000n };
    const told = readProfile(folder, [window]).join("\n");
    assert.match(told, /create: main thread busy 4 ms, idle 1 ms/);
    assert.match(told, / 75\.0 % {2}node_modules\/pg\n +25\.0 % {2}packages\/engine\n/);
    assert.match(told, / 50\.0 % {2}writev {2}for node_modules\/pg\n/);
    assert.match(told, /issue {2}packages\/engine\/issue\.ts:30/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
