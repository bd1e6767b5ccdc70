/**
 * The application: every route of the contract, mounted in one way. Owns the life of a request: who, parse, place, right,
 * handler, audit row, answer. Nothing leaves before its audit row is durable; when the row cannot be written, the answer
 * is an error and carries nothing.
 */
import { createHash } from "node:crypto";
import { errorReply, IDEMPOTENCY_KEY, type Route, statusOf } from "@dayfly/contract";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { refuseExcess } from "./access/ability.ts";
import { authenticate } from "./access/authenticate.ts";
import { rightsHere } from "./access/place.ts";
import { admit, read, readKey } from "./admit.ts";
import type { Settings } from "./config.ts";
import { dress, openDoor } from "./door.ts";
import { type Answer, answerTo } from "./errors.ts";
import { openStream } from "./events/stream.ts";
import { newsIn, whenUndelivered } from "./hand-over.ts";
import type { Ask, Handler, House } from "./handler.ts";
import type { ServerLog } from "./log.ts";
import type { Metrics } from "./metrics/metrics.ts";
import { mountMetrics } from "./metrics/route.ts";
import { Refusal } from "./refusal.ts";
import { arrive, record, settle, type Visit } from "./visit.ts";

declare module "fastify" {
  interface FastifyRequest {
    visit: Visit;
  }
  interface FastifyContextConfig {
    route?: Route;
  }
}

/** A route and what it does. */
export interface Mounted {
  route: Route;
  handler: Handler<Route>;
}

const done = { outcome: "done", status: 200 } as const;

/** Makes the application; it listens to nothing yet. */
export function createApp(
  house: House,
  mounted: Mounted[],
  settings: Pick<Settings, "tls" | "trustedProxies" | "metricsToken">,
  log: ServerLog,
  metrics?: Metrics,
): FastifyInstance {
  const tls = settings.tls !== undefined;
  const app = openDoor(settings, {
    badAddress(error, request, reply) {
      // No hook has run.
      dress(reply, request, tls);
      request.visit = welcome(request);
      void refuse(error, request, reply);
    },
    async garbage({ requestId, ip, status }) {
      const visit = arrive(null, { requestId, ip, userAgent: null });
      await settle(house.store, visit, { outcome: "failed", status }).catch((error) =>
        log.error({ reqId: requestId, err: error }, "the audit row could not be written"),
      );
    },
  });

  const refuse = async (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
    // The door may have refused before anybody was welcomed.
    request.visit ??= welcome(request);
    const { visit } = request;
    visit.undelivered?.();
    let answer: Answer & { internal: boolean } = answerTo(error);
    if (answer.internal) log.error({ reqId: request.id, err: error }, "request failed");
    const status = statusOf(answer.error);
    try {
      const denied = status === 401 || status === 403 || status === 429;
      await settle(house.store, visit, { outcome: denied ? "denied" : "failed", status, error: answer.error });
    } catch (cause) {
      log.error({ reqId: request.id, err: cause }, "the audit row could not be written");
      answer = { error: "ServiceUnavailable", message: "The audit trail cannot be written: try again", internal: true };
    }
    return send(reply, request, answer);
  };

  app.decorateRequest("visit", null as unknown as Visit);
  app.addHook("onRequest", async (request) => {
    request.visit = welcome(request);
    const { route } = request.visit;
    if (route === null || "open" in route.permission) return;
    const { caller } = request.visit;
    const { actor, orgRole, sessionId } = await authenticate(house.store, request.headers.authorization, caller.ip);
    caller.actor = actor;
    Object.assign(request.visit, { orgRole, sessionId });
  });
  app.addHook("onResponse", async (request, reply) => {
    const { actor } = request.visit.caller;
    const { method } = request;
    const route = request.routeOptions.url ?? null;
    metrics?.answered({ route, method, status: reply.statusCode, seconds: reply.elapsedTime / 1000 });
    log.info(
      {
        reqId: request.id,
        method,
        route,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
        actor: actor.id,
        ip: request.ip,
      },
      "request",
    );
  });
  app.setErrorHandler(refuse);
  app.setNotFoundHandler((request, reply) => {
    return refuse(new Refusal("NotFound", "There is no such route"), request, reply);
  });

  if (metrics && settings.metricsToken !== undefined) mountMetrics(app, metrics, settings.metricsToken);
  for (const { route, handler } of mounted) {
    app.route({
      method: route.method,
      url: route.path,
      config: { route },
      handler: async (request, reply) => {
        const { visit } = request;
        const idempotencyKey = readKey(route, request.headers[IDEMPOTENCY_KEY]);
        const { authorization, "last-event-id": last } = request.headers;
        const lastEventId = typeof last === "string" ? last : null;
        const asked = { input: read(route, request), idempotencyKey, lastEventId };
        const answer = await handler(await prepare(house, visit, route, asked, authorization, log), house);
        const body = JSON.stringify(route.reply.parse(answer));
        await settle(house.store, visit, done);
        if (visit.stream !== null) return openStream(reply, visit.stream);
        // The official CLI watches for changes by it.
        if (route.method === "GET") {
          const etag = `"${createHash("sha256").update(body).digest("base64url")}"`;
          reply.header("etag", etag);
          if (isKnown(etag, request.headers["if-none-match"])) return reply.code(304).send();
        }
        if (visit.undelivered !== null) {
          await newsIn();
          whenUndelivered(reply.raw, visit.undelivered);
        }
        return reply.type("application/json; charset=utf-8").send(body);
      },
    });
  }
  return app;
}

/** Whether the asker has this answer already. Asked after its audit row is written: it was read all the same. */
function isKnown(etag: string, ifNoneMatch: string | undefined): boolean {
  return ifNoneMatch?.split(",").some((known) => known.trim().replace(/^W\//, "") === etag) ?? false;
}

function welcome(request: FastifyRequest): Visit {
  return arrive(request.routeOptions?.config?.route ?? null, {
    requestId: request.id,
    ip: request.ip ?? null,
    userAgent: request.headers["user-agent"]?.slice(0, 255) ?? null,
  });
}

async function prepare<R extends Route>(
  house: House,
  visit: Visit,
  route: R,
  asked: Pick<Ask<R>, "input" | "idempotencyKey" | "lastEventId">,
  authorization: string | undefined,
  log: ServerLog,
): Promise<Ask<R>> {
  const standing = await admit(house.store, visit, route, asked.input);
  const { store } = house;
  return {
    ...asked,
    caller: visit.caller,
    orgRole: visit.orgRole,
    sessionId: visit.sessionId,
    arrivedAt: visit.arrivedAt,
    get project() {
      return standing!.project;
    },
    get place() {
      const { project, spot } = standing!;
      return { projectId: project.id, environment: spot.environment!, path: spot.path ?? "/" };
    },
    may: (...asked) => rightsHere(standing!).may(...asked),
    mayWithSome: (...asked) => rightsHere(standing!).mayWithSome(...asked),
    isBoundBy: (field) => standing!.rights.looksAt(field),
    refuseExcess: (rules, end) => refuseExcess(standing!.rights.excess(rules, end)),
    async rights() {
      const { caller } = visit;
      // The request has spent its use of the token: what goes on of it spends no more.
      const { actor, orgRole } = await authenticate(store, authorization, caller.ip, { spends: false });
      const now = { ...visit, caller: { ...caller, actor }, orgRole, facts: {} };
      return rightsHere((await admit(store, now, route, asked.input))!);
    },
    follow: (stream) => {
      visit.stream = stream;
    },
    write: (work) =>
      store.transaction(async (tx) => {
        const result = await work(tx);
        await record(tx, visit, done);
        return result;
      }),
    record: (tx) => record(tx, visit, done),
    note: (facts) => {
      Object.assign(visit.facts, facts);
    },
    ifUndelivered: (act) => {
      visit.undelivered = () => {
        visit.undelivered = null;
        act().catch((error) =>
          log.error({ reqId: visit.caller.requestId, err: error }, "an undelivered answer was not undone"),
        );
      };
    },
  };
}

function send(reply: FastifyReply, request: FastifyRequest, { error, message, details, retryAfter }: Answer) {
  if (retryAfter !== undefined) {
    reply.header("retry-after", String(retryAfter));
    if (error === "RateLimitExceeded") reply.header("x-ratelimit-reset", String(retryAfter));
  }
  if (error === "UnauthorizedError") reply.header("www-authenticate", "Bearer");
  return reply
    .code(statusOf(error))
    .type("application/json; charset=utf-8")
    .send(JSON.stringify(errorReply(error, request.id, message, details)));
}
