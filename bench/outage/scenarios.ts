/** Every scenario, in the order in which they run. */
import { diskFull } from "./disk-full.ts";
import { ownDatabase } from "./own-database.ts";
import type { Scenario } from "./scenario.ts";
import { stopped } from "./stopped.ts";
import { targetDown } from "./target-down.ts";
import { wrongPassword } from "./wrong-password.ts";

export const scenarios: Scenario[] = [targetDown, wrongPassword, ownDatabase, diskFull, stopped];
