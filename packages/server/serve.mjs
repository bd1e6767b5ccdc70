/** The server as a process: `node packages/server/serve.mjs`. */
import "./memory.mjs";

const { main } = await import("./main.ts");
await main();
