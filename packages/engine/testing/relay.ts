/** A way to the target that a test can cut: a TCP relay on loopback. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface Relay {
  port: number;
  /** Connections that came in, over all. */
  came(): number;
  /** Cuts what is open and lets nothing through any more: new connections are closed at once. */
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

/** Opens a relay to a server on loopback. */
export async function openRelay(to: { host: string; port: number }): Promise<Relay> {
  const open = new Set<Socket>();
  let through = true;
  let came = 0;
  const server = createServer((client) => {
    came += 1;
    client.on("error", () => client.destroy());
    if (!through) return client.destroy();
    const far = connect(to.port, to.host);
    far.on("error", () => client.destroy());
    for (const socket of [client, far]) {
      open.add(socket);
      socket.on("close", () => {
        open.delete(socket);
        client.destroy();
        far.destroy();
      });
    }
    client.pipe(far).pipe(client);
    return undefined;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = () => {
    through = false;
    for (const socket of open) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    came: () => came,
    cut,
    mend() {
      through = true;
    },
    async close() {
      cut();
      await new Promise((settle) => server.close(settle));
    },
  };
}
