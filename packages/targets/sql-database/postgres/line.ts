/**
 * The line to a PostgreSQL server: a checked socket, with TLS by the config's rules, before a driver sees it.
 *
 * Owns what may go over an unverified line. TLS is tried unless switched off; a certificate that does not verify is never
 * answered by trying without. It does not know the protocol beyond its request for TLS.
 */
import { isIP, type Socket } from "node:net";
import { connect as startTls, type TLSSocket } from "node:tls";
import { type Net, TargetError } from "../../define.ts";
import type { Config } from "../inputs.ts";
import { isTlsError, socketSentence } from "./errors.ts";

/** An open line. `tls` is what the other side has proven. */
export interface Line {
  socket: Socket | TLSSocket;
  tls: "verified" | "unverified" | "none";
}

/** The whole of PostgreSQL's SSLRequest: its length, then a version number that no version has. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/** Opens a line. When `signal` fires, then or later, the line is cut. @throws TargetError */
export async function openLine(config: Config, net: Net, signal: AbortSignal): Promise<Line> {
  const socket = await dial(config, net, signal);
  if (config.sslEnabled === false) return plain(socket, config, net, "TLS is switched off in this config");
  try {
    if (!(await offersTls(socket))) {
      if (config.sslEnabled === true) throw tlsRefused(config, "the server does not speak TLS", net);
      return plain(socket, config, net, "the server does not speak TLS");
    }
    return { socket: await encrypt(socket, config), tls: config.sslRejectUnauthorized ? "verified" : "unverified" };
  } catch (error) {
    socket.destroy();
    throw error instanceof TargetError ? error : lineError(config, error, signal);
  }
}

async function dial(config: Config, net: Net, signal: AbortSignal): Promise<Socket> {
  const dialled = net.dial(config.host, config.port);
  try {
    const socket = await Promise.race([dialled, cut(signal)]);
    const end = () => socket.destroy(Object.assign(new Error("stopped"), { code: "ETIMEDOUT" }));
    signal.addEventListener("abort", end, { once: true });
    socket.once("close", () => signal.removeEventListener("abort", end));
    // Until a driver listens, an error must not end the process.
    socket.on("error", () => {});
    return socket;
  } catch (error) {
    dialled.then((late) => late.destroy()).catch(() => {});
    // An address that the engine does not allow is its refusal, in its words.
    if (error instanceof Error && error.name === "AddressRefused") throw error;
    throw lineError(config, error, signal);
  }
}

function cut(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => reject(Object.assign(new Error("stopped"), { code: "ETIMEDOUT" }));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

/** Asks for TLS. Anything beyond the one byte of the answer was slipped in before encryption began. */
function offersTls(socket: Socket): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const stop = (error?: Error) => reject(error ?? Object.assign(new Error("closed"), { code: "ECONNRESET" }));
    socket.once("error", stop);
    socket.once("close", stop);
    socket.once("data", (answer) => {
      socket.pause();
      socket.off("error", stop);
      socket.off("close", stop);
      const text = answer.toString("latin1");
      if (text === "S" || text === "N") resolve(text === "S");
      else
        reject(new TargetError("unreachable", "What answers on that port is no PostgreSQL server", { step: "reach" }));
    });
    socket.write(SSL_REQUEST);
  });
}

function encrypt(socket: Socket, config: Config): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const encrypted = startTls({
      socket,
      host: config.host,
      ...(isIP(config.host) ? {} : { servername: config.host }),
      ...(config.ca === undefined ? {} : { ca: config.ca }),
      rejectUnauthorized: config.sslRejectUnauthorized,
    });
    const lost = () => reject(Object.assign(new Error("closed"), { code: "ECONNRESET" }));
    encrypted.once("error", reject);
    encrypted.once("close", lost);
    encrypted.once("secureConnect", () => {
      encrypted.off("error", reject);
      encrypted.off("close", lost);
      encrypted.on("error", () => {});
      resolve(encrypted);
    });
  });
}

function plain(socket: Socket, config: Config, net: Net, why: string): Line {
  if (!net.requireTls) return { socket, tls: "none" };
  socket.destroy();
  throw tlsRefused(config, why, net);
}

function tlsRefused(config: Config, why: string, net: Net): TargetError {
  const who = net.requireTls ? "REQUIRE_TARGET_TLS" : "`sslEnabled`";
  const message = `No TLS with ${config.host}:${config.port}: ${why}, and ${who} asks for it`;
  return new TargetError("unreachable", message, { step: "tls" });
}

function lineError(config: Config, error: unknown, signal: AbortSignal): TargetError {
  const step = isTlsError(error) ? "tls" : "reach";
  const reason = signal.aborted ? "there was no answer in time" : socketSentence(error);
  return new TargetError("unreachable", `No connection to ${config.host}:${config.port}: ${reason}`, { step });
}
