// `npm run bench -- NAME …`: see bench/main.ts.
import { launch } from "./launch.mjs";

launch("bench/main.ts");
