/** A process that starts a server, says so in one line, and stays: for tests that kill it. */
import { type EmbeddedOptions, startEmbedded } from "../index.ts";

process.on("SIGINT", () => {}); // Ctrl-C reaches it, and it has work to finish first

try {
  const { connection, pid, adopted } = await startEmbedded(JSON.parse(process.argv[2]!) as EmbeddedOptions);
  console.log(JSON.stringify({ connection, pid, adopted }));
  setInterval(() => {}, 60_000);
} catch (error) {
  console.log(JSON.stringify({ name: (error as Error).name, message: (error as Error).message }));
}
