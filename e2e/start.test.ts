/** `npm start` as a person meets it, through its entry and its output. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { psql } from "../scripts/servers/postgres.ts";
import { isAlive, killAll, treeOf } from "./testing/processes.ts";
import { until } from "./testing/server.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const dataDir = mkdtempSync(join(tmpdir(), "dayfly-start-"));
const running = new Set<ChildProcess>();
after(() => {
  for (const { pid } of running) if (pid) killAll(treeOf(pid));
  rmSync(dataDir, { recursive: true, force: true });
});

interface Start {
  text(): string;
  /** What was started, with all below it. */
  tree(): number[];
  interrupt(): Promise<number | null>;
}

async function start(...flags: string[]): Promise<Start> {
  const child = spawn("node", ["scripts/start.mjs", ...flags], {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, TMPDIR: process.env.TMPDIR, DAYFLY_DATA_DIR: dataDir },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (printed += text));
  const exit = new Promise<number | null>((resolve) => child.on("exit", resolve));
  const up = () => {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}\n${printed}`);
    return printed.includes("\nTry  ");
  };
  await until(60_000, up, () => `it did not start\n${printed}`);
  return {
    text: () => printed,
    tree: () => treeOf(child.pid!),
    async interrupt() {
      child.kill("SIGINT");
      const code = await exit;
      running.delete(child);
      return code;
    },
  };
}

const urlIn = (text: string): string => /API +(\S+)/.exec(text)![1]!;
const inDemoShell = (script: string) =>
  spawnSync("/bin/sh", ["-euc", `. '${dataDir}/demo.env'; ${script}`], { encoding: "utf8", timeout: 30_000 });

test("the first start does the main job, keeps every credential out of what it prints, and leaves nothing running", async () => {
  const it = await start();
  const steps = /lease .*log in .*select allowed .*insert refused .*renew .*revoke .*proven gone .*login refused /;
  assert.match(it.text(), steps);
  assert.doesNotMatch(it.text(), /FAILED/);
  const { admin, identity } = JSON.parse(readFileSync(join(dataDir, "bootstrap.json"), "utf8"));
  for (const secret of [admin.password, identity.clientSecret]) assert.ok(!it.text().includes(secret));
  for (const file of ["bootstrap.json", "demo.env"]) assert.equal(statSync(join(dataDir, file)).mode & 0o777, 0o600);
  assert.equal(statSync(dataDir).mode & 0o777, 0o700);
  assert.equal((await fetch(`${urlIn(it.text())}/readyz`)).status, 200);

  const tree = it.tree();
  assert.equal(await it.interrupt(), 0);
  assert.deepEqual(tree.filter(isAlive), []);
});

test("the second start finds everything, and the seed's line leases in a shell that loaded demo.env", async () => {
  const it = await start();
  assert.doesNotMatch(it.text(), /Admin |FAILED/);
  const { stdout, stderr } = inDemoShell("infisical secrets get --path=/database/dynamic --env=prod");
  const leased = JSON.parse(stdout || "null");
  assert.deepEqual(Object.keys(leased ?? {}), ["username", "password", "expires_at"], stderr);

  assert.equal(await it.interrupt(), 0);
  // Not even a later look by PostgreSQL itself: its lease was revoked before the database stopped.
  const again = await start();
  const { stdout: list } = inDemoShell(
    "dayfly dynamic-secrets lease list postgres-readonly-access --path=/database/dynamic --env=prod",
  );
  assert.ok(!list.includes(leased.username), list);
  await again.interrupt();
});

test("the README's commands run as written in a shell", async () => {
  const it = await start();
  const { path, env } = await psql();
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const blocks = [...readme.matchAll(/```sh\n([^`]*demo\.env[^`]*)```/g)].map(([, block]) => block!);
  assert.equal(blocks.length, 5);
  const printed = blocks.map((block) => {
    const { status, stdout, stderr } = spawnSync("/bin/sh", ["-euc", block.replaceAll(".data/", `${dataDir}/`)], {
      env: { ...process.env, ...env, PATH: `${process.env.PATH}:${dirname(path)}` },
      encoding: "utf8",
      timeout: 30_000,
    });
    assert.equal(status, 0, `${block}\n${stdout}${stderr}`);
    return stdout;
  });
  assert.match(printed[0]!, /"expires_at"/);
  assert.match(printed[1]!, /Ada +\| London[\s\S]*"status": "live"/);
  assert.ok(JSON.parse(printed[2]!).data.DB_PASSWORD);
  assert.match(printed[3]!, /"identityMembership"[\s\S]* 40\n[\s\S]*lease\.gone\n[\s\S]*\{"ok":true,/);
  assert.doesNotMatch(printed[3]!, /"(password|clientSecret|accessToken|DB_PASSWORD)"/);
  assert.match(printed[4]!, /"identityMembership"[\s\S]*"DB_PASSWORD"/);
  assert.equal(await it.interrupt(), 0);
});

test("without the demo there is a server, and no shell of the demo", async () => {
  rmSync(join(dataDir, "demo.env"));
  const it = await start("--no-demo");
  assert.doesNotMatch(it.text(), /Main job|demo\.env/);
  assert.equal(existsSync(join(dataDir, "demo.env")), false);
  assert.equal((await fetch(`${urlIn(it.text())}/readyz`)).status, 200);
  assert.equal(await it.interrupt(), 0);
});
