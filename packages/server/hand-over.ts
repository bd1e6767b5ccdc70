/** Whether an answer reached the operating system whole. */
import type { ServerResponse } from "node:http";

/**
 * Calls `undelivered` unless the last byte of the answer is taken by a connection that stands. The `finish` event alone
 * does not tell: a write that failed emits it too, so the socket is asked.
 */
export function whenUndelivered(response: ServerResponse, undelivered: () => void): void {
  if (response.closed || response.destroyed) {
    undelivered();
    return;
  }
  const { socket } = response;
  let delivered = false;
  response.once("finish", () => {
    delivered = socket === null || (!socket.errored && !socket.destroyed);
  });
  response.once("close", () => {
    if (!delivered) undelivered();
  });
}
