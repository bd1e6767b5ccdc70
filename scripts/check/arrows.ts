/**
 * Who may import whom: the arrows between the rooms of the house.
 *
 * Owns the picture as data. An import that no arrow allows usually means a function in the wrong room: move it down, or
 * hand its result in.
 */
import type { Finding, Import, Source } from "./sources.ts";

/** The eight arrows, three floors, none upward. */
const arrows: Record<string, string[]> = {
  contract: [],
  targets: [],
  store: [],
  engine: ["store", "targets"],
  server: ["engine", "store", "contract"],
  sdk: ["contract"],
  cli: ["sdk"],
  dashboard: ["contract"],
};

/** What a room leaves to others, beside our own packages. Tests are free here. */
const left: Record<string, { imports: RegExp; because: string }> = {
  contract: { imports: /^node:/, because: "the contract also runs in a browser" },
  engine: { imports: /^(pg|kysely|fastify|node:http)$/, because: "SQL stands in the store, HTTP in the server" },
  server: { imports: /^(pg|kysely)$/, because: "SQL stands in the store" },
  sdk: { imports: /^node:(fs|child_process|readline|tty)/, because: "the SDK touches no file and no terminal" },
  cli: { imports: /^(pg|kysely|fastify)$/, because: "the CLI speaks through the SDK alone" },
};

/** Finds the imports that no arrow allows. */
export function checkArrows(sources: Source[]): Finding[] {
  return sources.flatMap((source) =>
    source.imports.flatMap((found) => {
      const message = refusal(source.file, found);
      return message ? [{ file: source.file, line: found.line, message }] : [];
    }),
  );
}

function refusal(file: string, found: Import): string | null {
  const from = place(file);
  const to = found.leadsTo === null ? null : place(found.leadsTo);
  if (from.floor === "scripts") return null;
  if (from.floor === "packages") return refusalInPackage(file, from.room, to, found.specifier);
  if (!to) return null;
  if (from.floor === "bin") {
    if (to.floor === "bin" || to.room === "cli") return null;
    return `${found.specifier}: bin/ starts the cli and imports nothing else`;
  }
  // e2e and bench use the product through its public doors, of which the SDK is one; a bench drives what e2e has.
  const rig = from.floor === "bench" && to.floor === "e2e" && to.room === "testing";
  if (to.floor === from.floor || rig || to.room === "sdk" || servers(found)) return null;
  return `${found.specifier}: ${from.floor}/ tests from outside; go through HTTP, the CLI or @dayfly/sdk`;
}

function refusalInPackage(file: string, room: string, to: Place | null, specifier: string): string | null {
  const allowed = arrows[room];
  if (!allowed) return `packages/${room} is not in the house: draw its arrows in scripts/check/arrows.ts first`;
  const test = /\.test\.ts$|\/testing\//.test(file);
  if (!to) {
    const rule = left[room];
    return rule?.imports.test(specifier) && !test ? `${specifier} in ${room}: ${rule.because}` : null;
  }
  if (to.floor !== "packages") {
    if (test && to.floor === "scripts" && to.room === "servers") return null;
    return `${specifier}: a package imports nothing outside packages/; only its tests may use scripts/servers`;
  }
  if (to.room === room) {
    return specifier.startsWith("@") ? `${specifier} inside ${room}: import the file itself, with its .ts` : null;
  }
  if (specifier.startsWith(".")) return `${specifier}: leave ${room} by the other package's name, @dayfly/${to.room}`;
  if (allowed.includes(to.room)) return null;
  const may = allowed.length ? `only ${allowed.join(", ")}` : "none of our packages";
  return `${room} -> ${to.room} is no arrow (${room} may import ${may}): move what is needed down, or hand it in`;
}

interface Place {
  floor: string;
  room: string;
}

function place(file: string): Place {
  const [floor = "", room = ""] = file.split("/");
  return { floor, room };
}

function servers(found: Import): boolean {
  return found.leadsTo?.startsWith("scripts/servers/") ?? false;
}
