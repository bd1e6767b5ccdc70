/** `npm run check`: types, format, arrows, circles, length and the tests that need no server, for every save. */
import { dirname, join } from "node:path";
import { openRunFolder } from "../test/leftovers.ts";
import { runPhases } from "../test/phase.ts";
import { unitPhase } from "../test/phases.ts";
import { checks } from "./phases.ts";

const root = dirname(dirname(import.meta.dirname));
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "disconnect"]) process.once(signal, () => stop.abort());

const folder = await openRunFolder();
Object.assign(process.env, folder.env);
const phases = [...checks(root), unitPhase({ root, folder, signal: stop.signal })];
const well = await runPhases(phases, { print: (line) => console.log(line), logs: join(root, ".data/check") });
await folder.close();
process.exit(well ? 0 : 1);
