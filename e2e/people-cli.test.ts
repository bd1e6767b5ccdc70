import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { startServer } from "./testing/server.ts";

const bin = fileURLToPath(new URL("../bin", import.meta.url));

const server = await startServer();
after(() => server.remove());
const home = mkdtempSync(join(tmpdir(), "dayfly-home-"));
after(() => rmSync(home, { recursive: true, force: true }));

function shell(line: string, env: Record<string, string> = {}): Promise<{ code: number; out: string; err: string }> {
  const given = { PATH: `${bin}:${process.env.PATH}`, HOME: home, INFISICAL_DOMAIN: server.url, ...env };
  return new Promise((resolve) => {
    execFile("/bin/sh", ["-c", line], { env: given, cwd: home, timeout: 30_000 }, (error, out, err) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, out, err }),
    );
  });
}

test("the first admin signs in by the CLI, leads a project with that session, and signs out", async () => {
  const { email, password } = server.bootstrap.admin;
  writeFileSync(join(home, "password.txt"), `${password}\n`, { mode: 0o600 });
  const signedIn = await shell(`dayfly login --email ${email} --password-file password.txt`);
  assert.equal(signedIn.code, 0, signedIn.err);
  assert.match(signedIn.err, /^signed in to /);
  assert.ok(!`${signedIn.out}${signedIn.err}`.includes(password));

  const plain = await shell(`dayfly login --email ${email} --plain --silent`, { INFISICAL_PASSWORD: password });
  const token = plain.out.trim();
  const call = (path: string, body: unknown) =>
    fetch(`${server.url}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const made = await call("/api/v2/workspace", { projectName: "People" });
  assert.equal(made.status, 200, await made.clone().text());
  const { project } = (await made.json()) as { project: { id: string } };
  const inProject = { INFISICAL_PROJECT_ID: project.id };
  assert.equal((await shell("dayfly secrets set KEY=value --env=dev --path=/", inProject)).code, 0);
  const read = await shell("dayfly secrets get KEY --plain --env=dev --path=/", inProject);
  assert.equal(read.out.trim(), "value", read.err);

  assert.equal((await call("/api/v1/auth/logout", {})).status, 200);
  const over = await shell("dayfly secrets get KEY --plain --env=dev --path=/", {
    ...inProject,
    INFISICAL_TOKEN: token,
  });
  assert.equal(over.code, 3, "signed out");
  assert.equal((await shell("dayfly secrets get KEY --plain --env=dev --path=/", inProject)).code, 0);
});

test("a wrong password is refused by its exit code and kept nowhere", async () => {
  const { email } = server.bootstrap.admin;
  const refused = await shell(`dayfly login --email ${email}`, { INFISICAL_PASSWORD: "canary-password" });
  assert.equal(refused.code, 3);
  assert.ok(!`${refused.out}${refused.err}${server.output()}`.includes("canary-password"));
});
