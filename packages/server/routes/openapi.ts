/** The API's own description, from the routes themselves. */
import { openApi, routes } from "@dayfly/contract";
import type { Handlers } from "../handler.ts";
import program from "../package.json" with { type: "json" };

let document: Record<string, unknown> | undefined;

export const getOpenApi: Handlers["getOpenApi"] = async () => {
  document ??= openApi(routes, { version: program.version });
  return document;
};
