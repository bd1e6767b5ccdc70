/** What anybody may ask: whether the server is there, and whether it can serve. */
import type { Handlers } from "../handler.ts";
import { Refusal } from "../refusal.ts";

export const getStatus: Handlers["getStatus"] = async () => ({ date: new Date() });

export const getHealth: Handlers["getHealth"] = async () => ({});

export const getReadiness: Handlers["getReadiness"] = async (_ask, { unready }) => {
  const reason = await unready();
  if (reason !== null) throw new Refusal("ServiceUnavailable", `Not ready: ${reason}`, { retryAfter: 1 });
  return {};
};
