/** Closing the door while people are inside. */
import type { FastifyInstance } from "fastify";

const LONGEST_MS = 25_000;
const LOOK_EVERY_MS = 50;

/** Takes no new connection, lets what is under way be answered, and after 25 s waits no longer. */
export async function drain(app: FastifyInstance): Promise<void> {
  // A connection that was busy when the door closed is idle once its answer is out; nobody else would close it.
  const sweep = setInterval(() => app.server.closeIdleConnections(), LOOK_EVERY_MS);
  const late = setTimeout(() => app.server.closeAllConnections(), LONGEST_MS);
  try {
    await app.close();
  } finally {
    clearInterval(sweep);
    clearTimeout(late);
  }
}
