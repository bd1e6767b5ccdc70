import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { replay } from "./testing/script.ts";
import { startStandIn } from "./testing/stand-in.ts";

const folder = new URL("./testing/scripts/", import.meta.url);

for (const name of readdirSync(folder).sort()) {
  const script = readFileSync(new URL(name, folder), "utf8");
  test(`${name} goes as it is written`, async () => {
    const server = await startStandIn();
    const home = mkdtempSync(join(tmpdir(), "dayfly-cli-"));
    try {
      assert.equal(await replay(script, server, home), script);
    } finally {
      await server.stop();
      rmSync(home, { recursive: true, force: true });
    }
  });
}
