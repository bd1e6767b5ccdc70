/**
 * GET /metrics: beside the contract, since it is no part of the API and not JSON. Owns who may read it: whoever shows the
 * token of the settings. Without that setting there is no such route. A refusal is audited like any other; a look is not,
 * it says nothing about anybody.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { route } from "@dayfly/contract";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { Refusal } from "../refusal.ts";
import type { Metrics } from "./metrics.ts";

/** Declared as its refusals are audited; it is not in the contract's list. */
const declared = route({
  method: "GET",
  path: "/metrics",
  summary: "Figures for Prometheus",
  permission: { open: true },
  audit: "metrics-read",
  reply: z.string(),
});

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Adds it to the application. */
export function mountMetrics(app: FastifyInstance, metrics: Metrics, token: string): void {
  const expected = digest(token);
  app.route({
    method: declared.method,
    url: declared.path,
    config: { route: declared },
    async handler(request, reply) {
      const given = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "";
      if (!timingSafeEqual(digest(given), expected)) {
        throw new Refusal("UnauthorizedError", "Send the METRICS_TOKEN of the server's settings as bearer");
      }
      const { type, text } = await metrics.page();
      return reply.type(type).send(text);
    },
  });
}
