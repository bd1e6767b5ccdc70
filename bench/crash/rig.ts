/** All that one run needs: target, server, journal and witness, made in this order and ended in the opposite one. */
import { type Orders, startOrders } from "../../e2e/testing/orders.ts";
import { killAll } from "../../e2e/testing/processes.ts";
import { makeProject, over, type Project } from "../../e2e/testing/project.ts";
import { databaseOf, type Server, startServer } from "../../e2e/testing/server.ts";
import { signIn } from "../../e2e/testing/wire.ts";
import { type Journal, openJournal } from "./journal.ts";
import { type Listed, startWitness, type Witness } from "./witness.ts";

/** What a run works with. */
export interface Rig {
  orders: Orders;
  server: Server;
  journal: Journal;
  witness: Witness;
  /** Signed in; anew after each start. */
  project: Project;
  signIn(): Promise<void>;
  /** The leases that the server lists: those that live, and those on their way out. */
  listed(): Promise<Listed[]>;
}

/** Runs `work` on a rig of its own until it ends or `interrupted` rejects; whatever happens, nothing of it is left. */
export async function withRig<T>(interrupted: Promise<never>, work: (rig: Rig) => Promise<T>): Promise<T> {
  const undo: (() => void | Promise<void>)[] = [];
  try {
    const journal = openJournal();
    undo.push(() => journal.remove());
    const orders = await startOrders();
    undo.push(() => orders.stop());
    const server = await startServer();
    undo.push(() => endServer(server));
    const witness = await startWitness(orders, journal.file);
    undo.push(() => witness.end());
    const rig: Rig = {
      orders,
      server,
      journal,
      witness,
      project: await makeProject(server, orders),
      async signIn() {
        rig.project = over(await signIn(server.url, server.bootstrap.identity), rig.project.id);
      },
      async listed() {
        const leases = await rig.project.leases();
        return leases.map(({ id, externalEntityId, expireAt, status }) => {
          return { id, username: externalEntityId, end: Date.parse(expireAt), ending: status !== null };
        });
      },
    };
    return await Promise.race([work(rig), interrupted]);
  } finally {
    for (const step of undo.reverse()) {
      await Promise.resolve(step()).catch((error) => process.stderr.write(`not ended: ${error.message}\n`));
    }
  }
}

/** The harness may stop between a kill and the next start, when only the database runs. */
async function endServer(server: Server): Promise<void> {
  // A run that was interrupted does not know it yet.
  server.launch = () => {
    throw new Error("the run has ended");
  };
  await server.kill("tree").catch(() => {});
  killAll(databaseOf(server.dataDir));
  await server.remove();
}
