/**
 * The server as `main.ts` runs it, but with a step that kills: the process ends itself by SIGKILL when the engine passes
 * the point `CRASH_AT_STEP` for the `CRASH_AT_PASSING`th time. Started as a process by harnesses; without the two it is
 * the plain server.
 */
import { main } from "../main.ts";

const { CRASH_AT_STEP: point, CRASH_AT_PASSING: passing = "1" } = process.env;
let left = Number(passing);

await main({
  step(at) {
    if (at !== point) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, "SIGKILL");
  },
});
