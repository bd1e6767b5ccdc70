/**
 * What a `.cpuprofile` says: which functions the time went to by themselves, and which rooms of the house.
 *
 * Owns how a sample is given to a function and a file to a room. What Node itself does counts for the room that had it
 * done. It looks only at the windows in which something was measured: both processes read the same monotonic clock.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A part of a profile's time, in nanoseconds of the monotonic clock. */
export interface Window {
  name: string;
  from: bigint;
  to: bigint;
}

interface Node {
  id: number;
  callFrame: { functionName: string; url: string; lineNumber: number };
  children?: number[];
}

interface Profile {
  nodes: Node[];
  /** Microseconds of the monotonic clock. */
  startTime: number;
  samples: number[];
  timeDeltas: number[];
}

/** Time by name, in milliseconds. */
type Times = Map<string, number>;

const TOP = 25;
const MOST_ROOMS = 20;

/** Reads the profile of a folder and tells what each kind of window went to. */
export function readProfile(folder: string, windows: Window[]): string[] {
  const file = readdirSync(folder).find((name) => name.endsWith(".cpuprofile"));
  if (file === undefined) return [`no profile was written to ${folder}`];
  const profile: Profile = JSON.parse(readFileSync(join(folder, file), "utf8"));
  const names = [...new Set(windows.map(({ name }) => name))];
  return [
    `profile: ${join(folder, file)}`,
    ...names.flatMap((name) =>
      tell(
        profile,
        name,
        windows.filter((window) => window.name === name),
      ),
    ),
  ];
}

function tell(profile: Profile, name: string, windows: Window[]): string[] {
  const names = namesIn(profile);
  const functions: Times = new Map();
  const rooms: Times = new Map();
  let at = profile.startTime;
  let busy = 0;
  let idle = 0;
  profile.samples.forEach((id, index) => {
    at += profile.timeDeltas[index]!;
    const time = BigInt(Math.round(at)) * 1000n;
    if (!windows.some(({ from, to }) => time >= from && time <= to)) return;
    // A sample stands for the time until the next one.
    const ms = (profile.timeDeltas[index + 1] ?? 0) / 1000;
    const { room, what } = names.get(id)!;
    if (room === "(idle)") {
      idle += ms;
      return;
    }
    busy += ms;
    add(rooms, room, ms);
    add(functions, what, ms);
  });
  const line = ([what, ms]: [string, number]): string => `  ${((100 * ms) / busy).toFixed(1).padStart(5)} %  ${what}`;
  return [
    "",
    `${name}: main thread busy ${busy.toFixed(0)} ms, idle ${idle.toFixed(0)} ms`,
    " by room, with what Node does for it",
    ...largest(rooms).slice(0, MOST_ROOMS).map(line),
    ` by function, its own time, top ${TOP}`,
    ...largest(functions).slice(0, TOP).map(line),
  ];
}

function add(times: Times, name: string, ms: number): void {
  times.set(name, (times.get(name) ?? 0) + ms);
}

const largest = (times: Times): [string, number][] => [...times].sort(([, a], [, b]) => b - a);

/** Room and function of each node; a node comes before its children. */
function namesIn({ nodes }: Profile): Map<number, { room: string; what: string }> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const names = new Map<number, { room: string; what: string }>();
  const visit = (id: number, above: string): void => {
    const { callFrame, children = [] } = byId.get(id)!;
    const { functionName, url, lineNumber } = callFrame;
    const own = roomOf(url, functionName);
    const room = own ?? above;
    const place = url === "" ? "" : `  ${url.replace(/^.*\/(?=node_modules\/|packages\/)/, "")}:${lineNumber + 1}`;
    const what = `${functionName || "(anonymous)"}${place}${own === null ? `  for ${above}` : ""}`;
    names.set(id, { room, what });
    for (const child of children) visit(child, functionName === "(root)" ? NODE : room);
  };
  visit(nodes[0]!.id, NODE);
  return names;
}

/** What nobody's code asked for in the same breath: reading sockets, timers, promises. */
const NODE = "node itself";

/** packages/engine, node_modules/kysely, what V8 calls its own doings; null for Node's own code. */
function roomOf(url: string, functionName: string): string | null {
  if (url === "") return /^\((?!anonymous|root)/.test(functionName) ? functionName : null;
  if (url.startsWith("node:")) return null;
  const vendor = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url);
  if (vendor) return `node_modules/${vendor[1]}`;
  return /packages\/[^/]+/.exec(url)?.[0] ?? "elsewhere";
}
