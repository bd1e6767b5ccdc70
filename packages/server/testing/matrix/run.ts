/** Asks every route as every caller about every object, and gathers what was answered. */
import { type RouteName, routes } from "@dayfly/contract";
import type { Heard } from "../server.ts";
import { type Caller, newCallers } from "./callers.ts";
import { entriesFor } from "./entries.ts";
import type { Lab } from "./lab.ts";
import { type Bench, type Plan, prepare } from "./prepare.ts";
import { changed, type Printer, printer } from "./prints.ts";

/** One cell: what was asked, by whom, and what came of it. */
export interface Cell extends Plan {
  heard: Heard;
}

/** A route under which something was changed that must not be. */
export interface Change {
  name: RouteName;
  what: string;
}

/** The whole matrix, as it was answered. */
export interface Matrix {
  lab: Lab;
  callers: Caller[];
  cells: Cell[];
  changes: Change[];
}

const AT_ONCE = 12;

/** Runs it: the whole, or just the cells that are answered with something, without a look at what they change. */
export async function runMatrix(lab: Lab, only: "all" | "answered" = "all"): Promise<Matrix> {
  const callers = await newCallers(lab);
  const matrix: Matrix = { lab, callers, cells: [], changes: [] };
  const entries = entriesFor(lab);
  const prints = await printer(lab.server.running.store);
  const run = only === "all" ? runWatched : answers;
  for (const name of Object.keys(routes) as RouteName[]) {
    await run(matrix, await prepare(lab, callers, name, entries[name]), prints);
  }
  return matrix;
}

/** Who is refused changes nothing; who is answered, nothing of another project. */
async function runWatched(matrix: Matrix, bench: Bench, prints: Printer): Promise<void> {
  const { elsewhere } = matrix.lab;
  const before = { all: await prints.all(), elsewhere: await prints.of(elsewhere) };
  const told = (what: string, tables: string[]) =>
    matrix.changes.push(...tables.map((table) => ({ name: bench.name, what: `${what} ${table}` })));
  await refusals(matrix, bench);
  told("by who is refused:", changed(before.all, await prints.all()));
  await answers(matrix, bench);
  told("of another project:", changed(before.elsewhere, await prints.of(elsewhere)));
}

/** All who are refused, beside each other. */
async function refusals({ lab, cells }: Matrix, { planned }: Bench): Promise<void> {
  const plans = planned.filter(({ expected }) => expected !== "done");
  for (let at = 0; at < plans.length; at += AT_ONCE) {
    const answered = plans.slice(at, at + AT_ONCE).map(async (plan) => ({ ...plan, heard: await ask(lab, plan) }));
    cells.push(...(await Promise.all(answered)));
  }
}

/** The others, one by one. */
async function answers({ lab, cells }: Matrix, { planned, afresh }: Bench): Promise<void> {
  for (const plan of planned.filter(({ expected }) => expected === "done")) {
    const fresh = { ...plan, ...(await afresh(plan)) };
    cells.push({ ...fresh, heard: await ask(lab, fresh) });
  }
}

/** Sends a request; of a stream no more than the head is read. */
function ask({ server }: Lab, { caller, route, asked }: Pick<Plan, "caller" | "route" | "asked">): Promise<Heard> {
  return server.call(route.method, asked.path, { token: caller.token, body: asked.body, headOnly: route.stream });
}
