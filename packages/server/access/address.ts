/** Addresses of callers, in the one form in which they are compared. */
import { isIP } from "node:net";

/**
 * An address without a zone, and IPv4 as IPv4 also where a socket for both calls it `::ffff:10.0.0.1`; null for what is no
 * address, which a proxy may have passed on.
 */
export function plainAddress(ip: string | null): string | null {
  const [address = ""] = (ip ?? "").split("%");
  const mapped = /^::ffff:(?<v4>\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.groups?.v4;
  const plain = mapped ?? address;
  return isIP(plain) === 0 ? null : plain;
}
