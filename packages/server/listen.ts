/** Where the server listens. Owns the rule that secrets do not cross a network in the clear unless somebody said so. */
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { createSecureContext } from "node:tls";
import type { FastifyInstance } from "fastify";
import { BadSettings, type Settings } from "./config.ts";
import { isLoopback } from "./loopback.ts";

const FIRST_PORT = 8080;
/** So many ports are tried when none was asked for. */
const PORTS = 20;

/** @throws BadSettings for plain HTTP beyond loopback, unless it was allowed by name */
export function checkListening(settings: Pick<Settings, "host" | "tls" | "allowPlainHttp">): void {
  if (settings.tls !== undefined || settings.allowPlainHttp || isLoopback(settings.host)) return;
  throw new BadSettings(
    `HOST=${settings.host} is reachable from other machines, and secrets would cross the network in the clear: ` +
      "set TLS_CERT_FILE and TLS_KEY_FILE, or ALLOW_PLAIN_HTTP=true if TLS ends at a proxy in front",
  );
}

/** Reads the certificate and its key. @throws BadSettings when they cannot be read or used */
export function readTls({ certFile, keyFile }: NonNullable<Settings["tls"]>): { cert: Buffer; key: Buffer } {
  const pair = { cert: readFor("TLS_CERT_FILE", certFile), key: readFor("TLS_KEY_FILE", keyFile) };
  try {
    createSecureContext(pair);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new BadSettings(`TLS_CERT_FILE and TLS_KEY_FILE: not a certificate in PEM and the key to it (${code})`);
  }
  return pair;
}

function readFor(name: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new BadSettings(`${name}: cannot read the file (${(error as NodeJS.ErrnoException).code})`);
  }
}

/** Listens, and says under which URL. Without a port that was asked for, the next free one from 8080 is taken. */
export async function listen(
  app: FastifyInstance,
  settings: Pick<Settings, "host" | "port" | "tls" | "siteUrl">,
): Promise<string> {
  const ports = settings.port === undefined ? Array.from({ length: PORTS }, (_, n) => FIRST_PORT + n) : [settings.port];
  for (const port of ports) {
    try {
      await app.listen({ host: settings.host, port });
      break;
    } catch (error) {
      const taken = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
      if (taken && port !== ports.at(-1)) continue;
      if (taken) throw new BadSettings(`port ${port} is in use: set PORT to another one`);
      const { code } = error as NodeJS.ErrnoException;
      throw new BadSettings(
        `cannot listen on HOST=${settings.host}, port ${port} (${code}): set HOST and PORT to others`,
      );
    }
  }
  if (settings.siteUrl !== undefined) return settings.siteUrl.replace(/\/+$/, "");
  const address = app.server.address();
  if (address === null || typeof address === "string") throw new Error("the server listens to no port");
  return `${settings.tls === undefined ? "http" : "https"}://${named(settings.host)}:${address.port}`;
}

function named(host: string): string {
  if (isLoopback(host) || host === "0.0.0.0" || host === "::") return "localhost";
  return isIP(host) === 6 ? `[${host}]` : host;
}
