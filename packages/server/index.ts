/** @dayfly/server: HTTP over engine and store. */
export { BOOTSTRAP_FILE, type Bootstrap } from "./bootstrap.ts";
export { BadSettings, readSettings, type Settings } from "./config.ts";
export { createLog, type ServerLog } from "./log.ts";
export { BadRootKey, KEY_FILE } from "./root-key.ts";
export { type Running, type StartOptions, startServer } from "./server.ts";
export { stopOnSignal } from "./shutdown.ts";
