/** The catalogue of targets, for forms and prompts. */
import { inputsSchema } from "@dayfly/engine";
import type { Handlers } from "../handler.ts";

export const listTargets: Handlers["listTargets"] = async (_ask, { engine }) => ({
  targets: engine
    .describe()
    .map(({ type, title, fields, can }) => ({ type, title, inputs: inputsSchema(fields), ...can })),
});
