// `npm run check`: see scripts/check/main.ts.
import { launch } from "./launch.mjs";

launch("scripts/check/main.ts");
