/**
 * Which addresses a target may have.
 *
 * A host is resolved once, every address it has is checked, and the connection goes to a checked address: a name that
 * answers differently the second time cannot lead elsewhere. Loopback is for development and tests only.
 */
import { lookup } from "node:dns/promises";
import { BlockList, connect, isIP, type Socket } from "node:net";
import { AddressRefused } from "./errors.ts";

const CONNECT_MS = 5_000;

const never = new BlockList();
for (const [network, prefix] of [
  ["0.0.0.0", 8], // unspecified
  ["169.254.0.0", 16], // link-local, and the metadata services of most clouds
  ["100.100.100.200", 32], // metadata service of Alibaba Cloud
  ["192.0.0.192", 32], // metadata service of Oracle Cloud
  ["224.0.0.0", 4], // multicast
  ["240.0.0.0", 4], // reserved, broadcast
] as const) {
  never.addSubnet(network, prefix, "ipv4");
}
for (const [network, prefix] of [
  ["::", 128],
  ["fe80::", 10],
  ["ff00::", 8],
  ["fd00:ec2::254", 128], // metadata service of AWS
] as const) {
  never.addSubnet(network, prefix, "ipv6");
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** The IPv4 address inside an IPv6 one (mapped, or by the well-known NAT64 prefix), else the address itself. */
function plain(address: string): { address: string; family: "ipv4" | "ipv6" } {
  if (isIP(address) === 4) return { address, family: "ipv4" };
  const text = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const tail = /^(?:::ffff:|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(text);
  if (!tail) return { address: text, family: "ipv6" };
  const bits = (Number.parseInt(tail[1]!, 16) << 16) | Number.parseInt(tail[2]!, 16);
  const parts = [bits >>> 24, (bits >>> 16) & 255, (bits >>> 8) & 255, bits & 255];
  return { address: parts.join("."), family: "ipv4" };
}

/** Whether a connection to this address (not a name) may be made. */
export function isAllowed(address: string, allowLoopback: boolean): boolean {
  if (isIP(address) === 0) return false;
  const { address: bare, family } = plain(address);
  if (never.check(bare, family)) return false;
  return allowLoopback || !loopback.check(bare, family);
}

/** Every checked address of `host`. @throws AddressRefused when one of them is not allowed; else what the resolver said. */
async function resolve(host: string, allowLoopback: boolean): Promise<string[]> {
  if (!/^[A-Za-z0-9._:-]{1,253}$/.test(host)) {
    throw new AddressRefused(
      `the host of a target is a name or an address; ${JSON.stringify(host.slice(0, 60))} is neither`,
    );
  }
  const addresses = (await lookup(host, { all: true })).map((entry) => entry.address);
  if (addresses.every((address) => isAllowed(address, allowLoopback))) return addresses;
  throw new AddressRefused(
    `targets at ${host} are not allowed: it is a link-local, multicast, metadata or (unless ALLOW_LOOPBACK_TARGETS=true) a loopback address`,
  );
}

/** A TCP connection to a checked address of `host`, within 5 s. @throws AddressRefused or the socket's error */
export async function dial(host: string, port: number, allowLoopback: boolean, signal: AbortSignal): Promise<Socket> {
  signal.throwIfAborted();
  const addresses = await resolve(host, allowLoopback);
  let last: unknown;
  for (const address of addresses) {
    try {
      return await open(address, port, signal);
    } catch (error) {
      last = error;
      signal.throwIfAborted();
    }
  }
  throw last;
}

function open(address: string, port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((settle, refuse) => {
    const socket = connect({ host: address, port });
    const give = (error: Error): void => {
      socket.destroy();
      done();
      refuse(error);
    };
    const abort = (): void => give(signal.reason instanceof Error ? signal.reason : new Error("aborted"));
    const late = (): void =>
      give(Object.assign(new Error(`no connection to ${address} port ${port} within 5 s`), { code: "ETIMEDOUT" }));
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      socket.removeListener("error", give);
    };
    const timer = setTimeout(late, CONNECT_MS);
    signal.addEventListener("abort", abort, { once: true });
    socket.once("error", give);
    socket.once("connect", () => {
      done();
      settle(socket);
    });
  });
}
