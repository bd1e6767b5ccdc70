/** schemathesis against the server: a program that shares no code with us reads the document and holds the server to it. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fetchSchemathesis } from "../../../scripts/servers/schemathesis.ts";
import type { Scene } from "./scene.ts";

/** What it found. */
export interface Verdict {
  requests: number;
  seconds: number;
  /** Its exit code: 0 when it found nothing. */
  code: number | null;
  /** Its report, for a person. */
  text: string;
}

/** What is held against the document. Unknown fields are ignored on this wire, so that "bad" requests succeed is no finding. */
const checks = ["not_a_server_error", "status_code_conformance", "content_type_conformance"].concat([
  "response_headers_conformance",
  "response_schema_conformance",
  "ignored_auth",
]);

/**
 * Lets it ask so many requests of each operation, as the admin of the project. Its phases: `fuzzing` asks at random,
 * `coverage` each value at its bounds, however many these are.
 */
export async function askBySchemathesis(
  scene: Scene,
  asked: { seed: number; examples: number; phases: string },
): Promise<Verdict> {
  const library = await fetchSchemathesis();
  const folder = mkdtempSync(join(tmpdir(), "dayfly-schemathesis-"));
  const began = performance.now();
  try {
    writeFileSync(join(folder, "schemathesis.toml"), settings(scene));
    const flags = Object.entries({
      seed: asked.seed,
      "max-examples": asked.examples,
      phases: asked.phases,
      checks: checks.join(),
      // A stream of events has no end: each good request would be waited for.
      "exclude-operation-id": "streamEvents",
      "request-timeout": 10,
      "generation-database": "none",
      warnings: "off",
    }).map(([name, value]) => `--${name}=${value}`);
    const switches = ["--continue-on-failure", "--no-shrink", "--no-color"];
    const command = ["-m", "schemathesis.cli", "run", `${scene.server.url}/openapi.json`];
    const child = spawn("python3", [...command, ...flags, ...switches], {
      cwd: folder,
      // Tokens never stand on a command line.
      env: { ...process.env, PYTHONPATH: library, PYTHONDONTWRITEBYTECODE: "1", DAYFLY_TOKEN: tokenOf(scene) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const kill = (): boolean => child.kill();
    process.once("exit", kill);
    let text = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (chunk) => (text += chunk));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", resolve);
    });
    process.off("exit", kill);
    const requests = Number(/^\s*(\d[\d,]*) generated/m.exec(text)?.[1]?.replaceAll(",", "") ?? 0);
    return { requests, seconds: (performance.now() - began) / 1000, code, text };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function tokenOf({ callers }: Scene): string {
  return callers.admin!.slice("Bearer ".length);
}

/** Known ids in the place of random ones, or each answer would be 404. 503 and 504 are part of the wire. */
function settings({ things }: Scene): string {
  const known = ["projectId", "environmentId", "folderId", "secretId", "leaseId", "identityId", "roleId", "tagId"];
  const lines = known.map((name) => `${name} = "${things[name]}"`);
  return `
[auth.openapi]
bearer = { bearer = "\${DAYFLY_TOKEN}" }
[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", 503, 504]
[parameters]
${lines.join("\n")}
`;
}
