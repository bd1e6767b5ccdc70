import { scenario } from "./scenario.ts";
export const wrongPassword = scenario({ name: "wrong-password", does: "", flags: {}, async run() {} });
