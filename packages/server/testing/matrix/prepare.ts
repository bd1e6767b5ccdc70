/** What one route is asked about, and by whom. */
import { type Route, type RouteName, routes } from "@dayfly/contract";
import { type Caller, join } from "./callers.ts";
import type { Entry } from "./entry.ts";
import { type Expected, expectedOf, type Request, type Whose } from "./expected.ts";
import { holds } from "./kinds.ts";
import { aside, type Ground, type Lab, newGround, newThing, nowhere, type Thing } from "./lab.ts";
import { signedIn } from "./sessions.ts";

/** A cell that has not been asked yet. */
export interface Plan extends Request {
  name: RouteName;
  caller: Caller;
  expected: Expected;
}

/** A route, ready to be asked. */
export interface Bench {
  name: RouteName;
  planned: Plan[];
  /** For who will be answered: with a thing, a project and a session of its own where the answer uses one up. */
  afresh(plan: Plan): Promise<Request & { caller: Caller }>;
}

/** Makes what a route is asked about. */
export async function prepare(lab: Lab, callers: Caller[], name: RouteName, entry: Entry): Promise<Bench> {
  const route: Route = routes[name];
  const { permission } = route;
  const isProjects = !("open" in permission) && permission.scope === "project";
  const { shop, elsewhere } = lab;
  const make = async (ground: Ground, token: string): Promise<Thing> =>
    entry.make === undefined ? newThing() : await entry.make(lab, ground, token);
  const maker = entry.isForPeople && entry.isOwned ? (await signedIn(lab, "member")).token : lab.admin;
  const own = await make(shop, maker);
  const foreign = isProjects && !entry.isShared ? await make(elsewhere, maker) : newThing();
  const missing = entry.missing === undefined ? newThing() : await entry.missing(lab);

  const says = (ground: Ground, thing: Thing) => JSON.stringify(entry.ask(ground, thing));
  const isById = entry.make !== undefined && (says(shop, own).includes(own.id) || entry.missing !== undefined);
  const isNamed = isProjects && says(shop, foreign) !== says(elsewhere, foreign);
  const isPlaced = isProjects && says(shop, own) !== says(aside(shop), own);

  const things: Record<Whose, { ground: Ground; thing: Thing }> = {
    own: { ground: shop, thing: own },
    mine: { ground: shop, thing: own },
    foreign: { ground: elsewhere, thing: foreign },
    nowhere: { ground: nowhere(), thing: missing },
    smuggled: { ground: shop, thing: foreign },
    missing: { ground: shop, thing: missing },
    misplaced: { ground: aside(shop), thing: own },
    unplaced: { ground: aside(shop), thing: missing },
  };
  const request = (whose: Whose, { ground, thing } = things[whose]): Request => ({
    ...{ route, entry, whose, ground, thing },
    asked: entry.ask(ground, thing),
  });
  const whoseFor = (caller: Caller): Whose[] => {
    const isGood = caller.kind.as === "machine" || caller.kind.as === "person";
    const all: [Whose, boolean][] = [
      ["own", true],
      ["mine", entry.isOwned === true && isGood && mayMake(caller, isProjects)],
      ["foreign", isProjects],
      ["nowhere", isProjects && isGood],
      ["smuggled", isGood && isById && isNamed && !entry.isShared],
      ["missing", isGood && isById && !("open" in permission)],
      ["misplaced", isGood && isById && isPlaced],
      ["unplaced", isGood && isById && isPlaced],
    ];
    return all.filter(([, is]) => is).map(([whose]) => whose);
  };
  return {
    name,
    planned: callers.flatMap((caller) =>
      whoseFor(caller).map((whose) => {
        const asking = request(whose);
        return { name, caller, ...asking, expected: expectedOf(caller, asking) };
      }),
    ),
    async afresh({ whose, ...plan }) {
      let { ground, thing, caller } = plan;
      if (entry.make === undefined) thing = newThing();
      if (entry.endsProject) {
        ground = await newGround(lab);
        await join(lab, callers, ground);
      }
      if (entry.endsSession) {
        const { token, password } = await signedIn(lab, caller.kind.org);
        caller = { ...caller, token };
        thing = { ...thing, name: password };
      }
      if (entry.spends || whose === "mine") thing = await make(ground, whose === "mine" ? caller.token! : maker);
      return { ...request(whose, { ground, thing }), caller };
    },
  };
}

/** Whether a caller can make what is then its own: a lease, or a session. */
function mayMake({ kind: { as, member } }: Caller, isProjects: boolean): boolean {
  if (!isProjects) return as === "person";
  const spot = { path: "/database", name: "postgres" };
  return member !== undefined && holds(member, "lease-create", "dynamic-secrets", spot);
}
