/** Whether a host can be reached from this machine only. */
import { isIP } from "node:net";

/** True for the names and addresses of this machine itself; a name that merely resolves to one is not believed. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
