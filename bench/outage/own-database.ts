import { scenario } from "./scenario.ts";
export const ownDatabase = scenario({ name: "own-database", does: "", flags: {}, async run() {} });
