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
    // A caller who had left takes the bytes as well, and its system says so a moment later.
    setImmediate(() => {
      if (!delivered || socket?.errored) undelivered();
    });
  });
}

/** Lets the news in that has come meanwhile: a caller who has left by now is known to have, before the answer is sent. */
export function newsIn(): Promise<void> {
  return new Promise((settle) => setImmediate(settle));
}
