import { scenario } from "./scenario.ts";
export const diskFull = scenario({ name: "disk-full", does: "", flags: {}, async run() {} });
