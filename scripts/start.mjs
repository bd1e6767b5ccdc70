// `npm start`: see scripts/start/main.ts.
import { launch } from "./launch.mjs";

launch("scripts/start/main.ts", "packages/server/memory.mjs");
