/** Every node is asked to stop in turn, and started again, while patient clients work. R27. */
import { setTimeout as pause } from "node:timers/promises";
import type { Orders } from "../../e2e/testing/orders.ts";
import type { Ground } from "../rig/ground.ts";
import type { Report } from "../rig/report.ts";
import { settle, tellRest } from "../rig/settle.ts";
import { workPatiently } from "./patient.ts";

const LONGEST_EXIT_SECONDS = 30;
const SETTLE_SECONDS = 120;
const BETWEEN_MS = 2_000;

/** Rolls so many times over all nodes. */
export async function rolling(
  report: Report,
  ground: Ground,
  orders: Orders,
  asked: { rolls: number; callers: number },
): Promise<void> {
  const [before] = await ground.store("select count(*)::int as n from leases where native_until is not null");
  const finish = workPatiently(
    ground.caller,
    ground.nodes.map(({ url }) => url),
    asked.callers,
  );
  const exits: number[] = [];
  const codes: (number | null)[] = [];
  for (let roll = 0; roll < asked.rolls; roll += 1) {
    for (const node of ground.nodes) {
      await pause(BETWEEN_MS);
      const began = performance.now();
      codes.push(await node.stop());
      exits.push((performance.now() - began) / 1_000);
      await node.restart();
    }
    report.note(`rolled over ${ground.nodes.length} nodes`);
  }
  await pause(BETWEEN_MS);
  const { asked: requests, failed, retried, made } = await finish();
  const longest = Math.max(...exits);
  report.tell("rolling: requests", requests);
  report.none("rolling: requests that failed", failed);
  for (const [why, count] of [...retried].sort()) report.tell(`rolling: asked again, ${why}`, count);
  report.tell("rolling: nodes restarted", exits.length);
  const limit = `<= ${LONGEST_EXIT_SECONDS}`;
  report.check("rolling: longest exit, s", longest, limit, longest <= LONGEST_EXIT_SECONDS);
  const bad = codes.filter((code) => code !== 0);
  report.none("rolling: exits with another code than 0", bad);
  tellRest(report, await settle(ground.store, [orders], SETTLE_SECONDS), SETTLE_SECONDS, "rolling: ");
  const [after] = await ground.store("select count(*)::int as n from leases where native_until is not null");
  report.tell("rolling: leases issued beyond those asked for", Number(after!.n) - Number(before!.n) - made);
}
