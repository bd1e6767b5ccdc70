/**
 * A line to an HTTP server, kept open, for one request at a time.
 *
 * It does only what a load needs and costs a tenth of Node's own client: the driver takes its processor from what it
 * measures. An answer must say its length.
 */
import { connect, type Socket } from "node:net";

/** An answer as it came. */
export interface Reply {
  status: number;
  body: string;
}

/** An answer other than 200; its kind is the status and the wire's name for the error. */
export class Refused extends Error {
  override name = "Refused";
  readonly kind: string;
  readonly reply: Reply;
  constructor(reply: Reply) {
    super(`${reply.status} ${reply.body.slice(0, 300)}`);
    this.kind = `${reply.status} ${/"error":"(\w+)"/.exec(reply.body)?.[1] ?? ""}`.trim();
    this.reply = reply;
  }
}

const END_OF_HEAD = Buffer.from("\r\n\r\n");

/** One connection; opened when it is first used, and again after it broke. */
export class Line {
  readonly #host: string;
  readonly #port: number;
  readonly #head: string;
  #socket: Socket | null = null;
  #got: Buffer = Buffer.alloc(0);
  #waiting: { settle(reply: Reply): void; refuse(error: Error): void } | null = null;

  constructor(url: string, headers: Record<string, string>) {
    const { hostname, port } = new URL(url);
    this.#host = hostname;
    this.#port = Number(port);
    const all = { host: `${hostname}:${port}`, "content-type": "application/json", ...headers };
    this.#head = Object.entries(all)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join("");
  }

  /** @throws Refused for anything but 200 */
  async ok(method: string, path: string, body: unknown): Promise<string> {
    const reply = await this.send(method, path, body);
    if (reply.status !== 200) throw new Refused(reply);
    return reply.body;
  }

  send(method: string, path: string, body: unknown): Promise<Reply> {
    const text = body === undefined ? "" : JSON.stringify(body);
    const length = Buffer.byteLength(text);
    this.#socket ??= this.#open();
    this.#socket.write(`${method} ${path} HTTP/1.1\r\n${this.#head}content-length: ${length}\r\n\r\n${text}`);
    return new Promise((settle, refuse) => {
      this.#waiting = { settle, refuse };
    });
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = null;
  }

  #open(): Socket {
    const socket = connect({ host: this.#host, port: this.#port, noDelay: true });
    const lost = (error: Error): void => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.#got = Buffer.alloc(0);
      this.#waiting?.refuse(error);
      this.#waiting = null;
    };
    socket.on("data", (chunk) => this.#take(chunk));
    socket.on("error", lost);
    socket.on("close", () => lost(Object.assign(new Error("the connection ended"), { code: "ECONNRESET" })));
    return socket;
  }

  #take(chunk: Buffer): void {
    const got = this.#got.length === 0 ? chunk : Buffer.concat([this.#got, chunk]);
    const headEnd = got.indexOf(END_OF_HEAD);
    const head = headEnd < 0 ? null : got.toString("latin1", 0, headEnd);
    const length = head === null ? null : Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1]);
    const bodyStart = headEnd + END_OF_HEAD.length;
    if (head === null || length === null || got.length < bodyStart + length) {
      this.#got = got;
      return;
    }
    this.#got = Buffer.alloc(0);
    if (Number.isNaN(length)) {
      this.#socket?.destroy(new Error("an answer without its length"));
      return;
    }
    if (/\r\nconnection: close/i.test(head)) this.close();
    const { settle } = this.#waiting!;
    this.#waiting = null;
    settle({ status: Number(head.slice(9, 12)), body: got.toString("utf8", bodyStart, bodyStart + length) });
  }
}
