/** Somebody who follows a server's events, for tests. */
import { once } from "node:events";
import { get, type IncomingHttpHeaders, type IncomingMessage } from "node:http";

/** One event as it came. */
export interface HeardEvent {
  id: string | undefined;
  event: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
  data: any;
}

export interface Follower {
  status: number;
  headers: IncomingHttpHeaders;
  /** All that came until now. */
  events: HeardEvent[];
  /** The last id that came, also without an event. */
  lastId(): string | undefined;
  /** Resolves when the server has ended the stream. */
  ended: Promise<void>;
  leave(): void;
}

/** Follows, on a connection of its own; a refusal has no events. */
export async function follow(url: string, token: string, lastEventId?: string): Promise<Follower> {
  const headers = {
    authorization: `Bearer ${token}`,
    ...(lastEventId !== undefined && { "last-event-id": lastEventId }),
  };
  const request = get(url, { agent: false, headers });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  // Whoever leaves is cut off in between.
  request.on("error", () => undefined);
  response.on("error", () => undefined);
  const events: HeardEvent[] = [];
  let lastId: string | undefined;
  let rest = "";
  response.setEncoding("utf8");
  response.on("data", (text: string) => {
    const blocks = (rest + text).split("\n\n");
    rest = blocks.pop()!;
    for (const block of blocks) {
      const fields = new Map(block.split("\n").map((line) => line.split(/: (.*)/s) as [string, string]));
      lastId = fields.get("id") ?? lastId;
      const event = fields.get("event");
      if (event !== undefined) events.push({ id: fields.get("id"), event, data: JSON.parse(fields.get("data")!) });
    }
  });
  const ended = new Promise<void>((settle) => response.once("close", settle));
  const { statusCode = 0 } = response;
  return {
    status: statusCode,
    headers: response.headers,
    events,
    lastId: () => lastId,
    ended,
    leave: () => request.destroy(),
  };
}
