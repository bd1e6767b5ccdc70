/**
 * `npm test`: everything, on a clean clone, with nothing but Node, Python for the client in it, and the
 * package registries.
 *
 * A line a phase on the terminal, the full logs under .data/test/. A failing phase prints its failures and the rest still
 * run. The last line is always `N passed, N failed`.
 */
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkPhase } from "../check/phases.ts";
import { openRunFolder } from "./leftovers.ts";
import { runPhases } from "./phase.ts";
import { e2ePhase, realPhase, serversPhase, unitPhase } from "./phases.ts";

const root = dirname(dirname(import.meta.dirname));
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "disconnect"]) process.once(signal, () => stop.abort());

const logs = join(root, ".data/test");
rmSync(logs, { recursive: true, force: true });
const folder = await openRunFolder();
Object.assign(process.env, folder.env);
const ground = { root, folder, signal: stop.signal };

const phases = [serversPhase(ground), checkPhase(root), unitPhase(ground), realPhase(ground), e2ePhase(ground)];
const well = await runPhases(phases, { print: (line) => console.log(line), logs });
await folder.close();
process.exit(well ? 0 : 1);
