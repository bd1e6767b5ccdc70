/** `npm run bench -- nodes [flags]`: several nodes on one PostgreSQL, killed, stopped and rolled over. */
import { startOrders } from "../../e2e/testing/orders.ts";
import { explain, readFlags } from "../rig/flags.ts";
import { openGround } from "../rig/ground.ts";
import { tellReplies } from "../rig/replies.ts";
import { Report } from "../rig/report.ts";
import { chaos } from "./chaos.ts";
import { rolling } from "./rolling.ts";

const flags = {
  minutes: { usual: 1, says: "of chaos; 0 leaves it out" },
  leases: { usual: 300, says: "answered within that time" },
  nodes: { usual: 3, says: "nodes" },
  stop: { usual: 30, says: "seconds for which a node is stopped" },
  rolls: { usual: 1, says: "rolling restarts after that; 0 leaves them out" },
  callers: { usual: 8, says: "patient callers meanwhile" },
};

const usage = `Usage: npm run bench -- nodes [flags]

Each minute one node is killed and started again, and another one stopped for a while; then all are restarted in turn.
Exits with 1 when a promise is broken.

${explain(flags)}`;

/** Runs what the command line asks for. @throws with a message for the user */
async function main(args: string[]): Promise<void> {
  const { values, words, help } = readFlags(args, flags);
  if (help) {
    process.stdout.write(usage);
    return;
  }
  if (words.length > 0) throw new Error(`What is '${words[0]}'?\n${usage}`);
  const { minutes, leases, nodes, stop, rolls, callers } = values;
  const report = new Report("nodes", values);
  const orders = await startOrders();
  const ground = await openGround({ orders: { orders, at: orders } }, { nodes });
  try {
    if (minutes > 0) await chaos(report, ground, orders, { minutes, leases, stopSeconds: stop });
    tellReplies(report, ground.caller);
    ground.caller.replies.clear();
    if (rolls > 0) await rolling(report, ground, orders, { rolls, callers });
    for (const [at, node] of ground.nodes.entries()) report.keep(`node-${at + 1}.log`, node.output());
    report.finish();
  } finally {
    // A stopped process would not hear that it should end.
    for (const node of ground.nodes) process.kill(node.pid(), "SIGCONT");
    await ground.close();
    await orders.stop();
  }
}

await main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`${error.stack ?? error.message}\n`);
  process.exit(2);
});
process.exit();
