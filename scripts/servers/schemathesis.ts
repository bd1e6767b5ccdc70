/** schemathesis, which asks a server whatever its OpenAPI document allows and more, pinned, in the cache. */
import { fileURLToPath } from "node:url";
import { pythonPackages } from "./packages.ts";

const wanted = fileURLToPath(new URL("../../e2e/schemathesis/requirements.txt", import.meta.url));

/** Fetches it. @returns the folder for PYTHONPATH */
export function fetchSchemathesis(): Promise<string> {
  return pythonPackages("schemathesis", wanted, "schemathesis");
}
