/** What anybody may ask without saying who they are. None of it tells anything about anybody, so none is audited. */
import { z } from "zod";
import { time } from "./fields.ts";
import { route } from "./route.ts";

/** Says that the API is there; official clients ask it. */
export const getStatus = route({
  method: "GET",
  path: "/api/status",
  summary: "Is the API there",
  permission: { open: true },
  audit: "unaudited",
  reply: z.object({ date: time, message: z.literal("Ok").default("Ok") }),
});

/** Says that the process answers. */
export const getHealth = route({
  method: "GET",
  path: "/healthz",
  summary: "Does the process answer",
  permission: { open: true },
  audit: "unaudited",
  reply: z.object({ status: z.literal("ok").default("ok") }),
});

/** Says that store, migrations and key are in order; otherwise, and while draining, 503 with the reason. */
export const getReadiness = route({
  method: "GET",
  path: "/readyz",
  summary: "Can it serve",
  permission: { open: true },
  audit: "unaudited",
  reply: z.object({ status: z.literal("ready").default("ready") }),
});

/** This API, as an OpenAPI 3.1 document. */
export const getOpenApi = route({
  method: "GET",
  path: "/openapi.json",
  summary: "The API as an OpenAPI 3.1 document",
  permission: { open: true },
  audit: "unaudited",
  reply: z.record(z.string(), z.unknown()),
});
