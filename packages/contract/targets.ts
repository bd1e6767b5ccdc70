/** The catalogue: which systems can hold an account, and what each needs to be told. Ours. */
import { z } from "zod";
import { route } from "./route.ts";

/** Lists the types of targets. */
export const listTargets = route({
  method: "GET",
  path: "/api/v1/targets",
  summary: "List the types of targets",
  permission: { scope: "own" },
  audit: "list-targets",
  reply: z.object({
    targets: z.array(
      z.object({
        type: z.string(),
        title: z.string(),
        inputs: z.record(z.string(), z.unknown()).meta({
          description:
            "A JSON Schema, also with `x-order`, `x-secret` and, for a statement, its placeholders in `x-statement`.",
        }),
        renewable: z.boolean(),
        revocable: z.boolean(),
        nativeExpiry: z
          .boolean()
          .meta({ description: "Whether it can end an account by itself; a config may not use it." }),
      }),
    ),
  }),
});
