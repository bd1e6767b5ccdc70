import { scenario } from "./scenario.ts";
export const stopped = scenario({ name: "stopped", does: "", flags: {}, async run() {} });
