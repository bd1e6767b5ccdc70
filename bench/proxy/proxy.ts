/**
 * A TCP proxy that can be told to fail: the network between a server and what it talks to.
 *
 * Owns the ways in which a network fails, and forwards everything else untouched. What the bytes mean it does not know: a
 * hook looks at each chunk and may cut the line before it, in its middle, or after it.
 */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

/** Whom a chunk is on its way to. */
export type Direction = "to-server" | "to-client";

/**
 * What the network does.
 *
 * `refuse`: nobody listens, and what was open is cut. `reset`: each connection is cut as it comes. `black-hole`:
 * connections are taken, and nothing moves on any. `half-open`: requests still arrive, answers do not. What was held moves
 * on when the network is back, as packets do that are sent again. `slow`: each chunk of an answer is late by so much.
 */
export type Mode = "pass" | "refuse" | "reset" | "black-hole" | "half-open" | { slow: number };

/** Forward it, or forward so many bytes of it and cut the line. */
export type Verdict = "pass" | number;

/** Sees each chunk before it is forwarded; `line` numbers the connection. */
export type Hook = (chunk: Buffer, direction: Direction, line: number) => Verdict;

/** The running proxy, in front of one server. */
export interface TcpProxy {
  host: string;
  port: number;
  mode(): Mode;
  set(mode: Mode): Promise<void>;
  /** Null takes it away. */
  watch(hook: Hook | null): void;
  /** How many connections have been taken so far. */
  taken(): number;
  /** How many are open. */
  open(): number;
  /** Cuts every open connection. */
  cut(): void;
  stop(): Promise<void>;
}

/** A hook that cuts a line once so many bytes have gone this way on it. */
export function cutAfter(bytes: number, direction: Direction): Hook {
  const left = new Map<number, number>();
  return (chunk, going, line) => {
    if (going !== direction) return "pass";
    const room = left.get(line) ?? bytes;
    left.set(line, room - chunk.length);
    return chunk.length < room ? "pass" : room;
  };
}

// Below the range from which systems give out ports: it must be free again after an hour of refusing.
const PORTS = { from: 20_000, to: 31_999 };

async function listenSomewhere(server: Server): Promise<number> {
  for (let tries = 0; ; tries += 1) {
    const port = PORTS.from + Math.floor(Math.random() * (PORTS.to - PORTS.from));
    server.listen(port, "127.0.0.1");
    try {
      await once(server, "listening");
      return port;
    } catch (error) {
      if (tries === 20) throw error;
    }
  }
}

/** Starts a proxy in front of a server; it passes until it is told otherwise. */
export async function startProxy(upstream: { host: string; port: number }): Promise<TcpProxy> {
  let mode: Mode = "pass";
  let changed = Promise.withResolvers<void>();
  let hook: Hook | null = null;
  let lines = 0;
  const sockets = new Set<Socket>();

  const holds = (direction: Direction): boolean =>
    mode === "black-hole" || (mode === "half-open" && direction === "to-client");

  /** False when the line was cut instead. */
  async function forward(chunk: Buffer, to: Socket, direction: Direction, line: number): Promise<boolean> {
    while (holds(direction)) await changed.promise;
    if (typeof mode === "object" && direction === "to-client") await pause(mode.slow);
    const verdict = hook?.(chunk, direction, line) ?? "pass";
    const part = verdict === "pass" ? chunk : chunk.subarray(0, verdict);
    if (part.length > 0 && to.writable) await new Promise((written) => to.write(part, written));
    return verdict === "pass";
  }

  function carry(from: Socket, to: Socket, direction: Direction, line: number): void {
    from.on("data", async (chunk: Buffer) => {
      // One chunk at a time: so they keep their order, and a reader that stands still is felt by the writer.
      from.pause();
      if (await forward(chunk, to, direction, line)) from.resume();
      else for (const socket of [from, to]) reset(socket);
    });
    from.on("end", () => to.end());
    from.on("close", () => to.destroySoon());
    from.on("error", () => to.destroy());
  }

  function add(socket: Socket): Socket {
    sockets.add(socket);
    return socket.setNoDelay(true).on("close", () => sockets.delete(socket));
  }

  function reset(socket: Socket): void {
    if (socket.connecting) socket.destroy();
    else socket.resetAndDestroy();
  }

  async function take(client: Socket): Promise<void> {
    lines += 1;
    const line = lines;
    add(client).on("error", () => {});
    if (mode === "reset" || mode === "refuse") return reset(client);
    while (mode === "black-hole") await changed.promise;
    if (client.destroyed) return;
    const server = add(connect({ ...upstream, allowHalfOpen: true }));
    carry(client, server, "to-server", line);
    carry(server, client, "to-client", line);
  }

  const listener = createServer({ allowHalfOpen: true, pauseOnConnect: false }, (client) => void take(client));
  const port = await listenSomewhere(listener);
  const cut = (): void => {
    for (const socket of sockets) reset(socket);
  };
  const close = async (): Promise<void> => {
    if (!listener.listening) return;
    const closed = once(listener, "close");
    listener.close();
    cut();
    await closed;
  };
  return {
    host: "127.0.0.1",
    port,
    mode: () => mode,
    async set(next) {
      mode = next;
      changed.resolve();
      changed = Promise.withResolvers();
      if (next === "refuse") await close();
      else if (!listener.listening) await once(listener.listen(port, "127.0.0.1"), "listening");
      if (next === "reset") cut();
    },
    watch(next) {
      hook = next;
    },
    taken: () => lines,
    open: () => sockets.size,
    cut,
    async stop() {
      mode = "refuse";
      changed.resolve();
      await close();
    },
  };
}
