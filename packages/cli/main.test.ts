import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { identity } from "./testing/answers.ts";
import { startStandIn } from "./testing/stand-in.ts";
import { version } from "./version.ts";

const bin = join(import.meta.dirname, "../../bin/");
const home = mkdtempSync(join(tmpdir(), "dayfly-main-"));
const server = await startStandIn();
after(async () => {
  await server.stop();
  rmSync(home, { recursive: true, force: true });
});

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

function shell(line: string, env: Record<string, string> = {}, during?: (pid: number) => void): Promise<Ended> {
  const child = spawn("/bin/sh", ["-c", line], {
    cwd: home,
    env: { PATH: `${bin}:${process.env.PATH}`, HOME: home, INFISICAL_DOMAIN: server.url, ...env },
  });
  const ended: Ended = { code: null, stdout: "", stderr: "" };
  child.stdout.on("data", (part) => {
    ended.stdout += part;
  });
  child.stderr.on("data", (part) => {
    ended.stderr += part;
  });
  during?.(child.pid!);
  return new Promise((resolve) => child.on("close", (code) => resolve({ ...ended, code })));
}

test("dayfly and infisical say the same version", async () => {
  assert.equal((await shell("dayfly --version")).stdout, `${version}\n`);
  assert.equal((await shell("infisical version")).stdout, `${version}\n`);
});

test("the launcher finds its checkout through links, relative ones too", async () => {
  mkdirSync(join(home, "a/b"), { recursive: true });
  symlinkSync(join(bin, "dayfly"), join(home, "a/first"));
  symlinkSync("../first", join(home, "a/b/second"));
  assert.equal((await shell("a/b/second --version")).stdout, `${version}\n`);
});

test("a checkout in a folder with a blank in its name works, and its own server is found", async () => {
  const root = join(home, "a check out");
  cpSync(bin, join(root, "bin"), { recursive: true });
  cpSync(import.meta.dirname, join(root, "packages/cli"), { recursive: true });
  symlinkSync(join(bin, "../node_modules"), join(root, "node_modules"));
  mkdirSync(join(root, ".data"));
  writeFileSync(join(root, ".data/bootstrap.json"), `{"url": "http://localhost:1"}`);
  const { stdout } = await shell(`"${root}/bin/dayfly" config explain -o plain`, { INFISICAL_DOMAIN: "" });
  assert.equal(stdout.split("\n")[0], `domain\thttp://localhost:1\t${root}/.data/bootstrap.json`);
});

test("help shows examples first, on stdout, for every command it names", async () => {
  const { code, stdout } = await shell("dayfly secrets set --help");
  assert.equal(code, 0);
  assert.match(stdout, /^Examples:\n {2}dayfly secrets set DB_ADMIN_USER=postgres/);
  assert.match((await shell("dayfly help dynamic-secrets lease")).stdout, /renew .*\n +delete\|revoke/);
  assert.match((await shell("dayfly --help")).stdout, /secrets .*\n[\s\S]*dynamic-secrets .*\n[\s\S]*config /);
});

test("without a command it prints help to stderr and fails as a usage error", async () => {
  const { code, stdout, stderr } = await shell("dayfly");
  assert.equal(code, 2);
  assert.equal(stdout, "");
  assert.match(stderr, /Usage: dayfly/);
});

test("a reader that closes the pipe ends it quietly", async () => {
  const { stderr, stdout } = await shell("dayfly help secrets set | head -n 1; dayfly help | true");
  assert.equal(stdout, "Examples:\n");
  assert.equal(stderr, "");
});

test("a session is a 0600 file in a 0700 folder, and a wider file is refused", async () => {
  const given = { SECRET: identity.clientSecret };
  const login = `printf %s "$SECRET" | dayfly login --client-id ${identity.clientId} --client-secret-stdin`;
  const signedIn = await shell(login, given);
  assert.equal(signedIn.code, 0, signedIn.stderr);
  assert.equal(signedIn.stdout, "");
  const folder = join(home, ".config/dayfly");
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  assert.equal(statSync(join(folder, "session.json")).mode & 0o777, 0o600);
  assert.equal((await shell("dayfly secrets -e prod")).code, 0);
  chmodSync(join(folder, "session.json"), 0o640);
  assert.equal((await shell("dayfly secrets -e prod", { INFISICAL_TOKEN: "good-token" })).code, 0);
  const refused = await shell("dayfly secrets -e prod");
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /can be read by others\nClose it with: chmod 600/);
  assert.equal((await shell(login, given)).code, 0);
  assert.equal(statSync(join(folder, "session.json")).mode & 0o777, 0o600);
});

test("Ctrl-C during a request ends it at once with 130 and no noise", async (t) => {
  const silent = createServer();
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    silent.closeAllConnections();
    silent.close();
  });
  const env = { INFISICAL_DOMAIN: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`, INFISICAL_TOKEN: "t" };
  const ended = await shell("exec dayfly secrets --project-slug p", env, (pid) => {
    silent.once("request", () => process.kill(pid, "SIGINT"));
  });
  assert.deepEqual(ended, { code: 130, stdout: "", stderr: "" });
});
