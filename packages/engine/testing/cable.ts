/** A way to a target that can be cut: what it leads to seems gone, from one moment to the next. */
import { connect, createServer, type Socket } from "node:net";

export interface Cable {
  port: number;
  cut(): Promise<void>;
  mend(): Promise<void>;
}

/** Lays one to a port on loopback. */
export async function cableTo(port: number): Promise<Cable> {
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    for (const end of [near, far]) {
      open.add(end);
      end.on("error", () => undefined);
      end.on("close", () => open.delete(end));
    }
    near.pipe(far).pipe(near);
  });
  const listen = (at: number) => new Promise<void>((settle) => server.listen(at, "127.0.0.1", settle));
  await listen(0);
  const { port: own } = server.address() as { port: number };
  return {
    port: own,
    async cut() {
      const closed = new Promise((settle) => server.close(settle));
      for (const end of open) end.destroy();
      await closed;
    },
    mend: () => listen(own),
  };
}
