/**
 * A bare Fastify with one route that looks nothing up: what an answer over HTTP costs before anything is done for it.
 * Started as a process by a bench; `BARE_BODY` is what it answers, and its port is its first line.
 */
import fastify from "fastify";

const app = fastify();
const body: unknown = JSON.parse(process.env.BARE_BODY ?? "{}");
app.get("/secret", async () => body);
const url = await app.listen({ host: "127.0.0.1", port: 0 });
process.stdout.write(`${url}\n`);
