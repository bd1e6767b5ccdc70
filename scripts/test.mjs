// `npm test`: see scripts/test/main.ts.
import { launch } from "./launch.mjs";

launch("scripts/test/main.ts");
