/** The checks that other programs do: types by tsc, format and lint by biome. */
import { spawn } from "node:child_process";
import { join } from "node:path";

/** What a tool said, and whether it was content. */
export interface Said {
  ok: boolean;
  output: string;
}

/** Checks the types of the whole repository. */
export const checkTypes = (root: string): Promise<Said> => tool(root, "tsc", ["-p", ".", "--pretty", "false"]);

/** Checks format and lint; `npm run format` puts most of it right. */
export const checkFormat = (root: string): Promise<Said> =>
  tool(root, "biome", ["ci", "--colors=off", "--max-diagnostics=200", "--reporter=summary", "."]);

function tool(root: string, name: string, args: string[]): Promise<Said> {
  return new Promise((resolve) => {
    const child = spawn(join(root, "node_modules/.bin", name), args, { cwd: root });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
    child.on("error", (error) => resolve({ ok: false, output: error.message }));
    child.on("close", (code) => resolve({ ok: code === 0, output }));
  });
}
