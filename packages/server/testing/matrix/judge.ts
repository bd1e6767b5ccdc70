/** Whether each cell was answered as expected, and other people's things just like things that are not there. */
import { statusOf } from "@dayfly/contract";
import { type Deviation, deviation } from "./deviations.ts";
import type { Whose } from "./expected.ts";
import type { Cell, Matrix } from "./run.ts";

/** Cells with another answer than expected, and what was changed by who must not. */
export function verdictDeviations({ cells, changes }: Matrix): Deviation[] {
  return [
    ...cells
      .filter((cell) => verdictOf(cell) !== cell.expected)
      .map((cell) => deviation(cell, cell.expected, saying(cell))),
    ...changes.map(({ name, what }) => ({
      route: name,
      caller: "",
      object: what,
      expected: "unchanged",
      got: "changed",
    })),
  ];
}

/** What somebody else's thing must not be told from. */
const likeOf: Partial<Record<Whose, Whose>> = {
  foreign: "nowhere",
  smuggled: "missing",
  misplaced: "unplaced",
  own: "missing",
};

/** Cells that tell a thing that is another's from one that is not there. */
export function tellingDeviations({ cells }: Matrix): Deviation[] {
  const key = ({ name, caller, whose }: Cell, other = whose) => `${name} ${caller.name} ${other}`;
  const byKey = new Map(cells.map((cell) => [key(cell), cell]));
  return cells.flatMap((cell) => {
    const like = byKey.get(key(cell, likeOf[cell.whose]));
    // One's own is told from it, unless it is somebody else's after all.
    const isHidden = cell.whose !== "own" || (cell.entry.isOwned && cell.expected === "NotFound");
    if (like === undefined || !isHidden || told(like) === told(cell)) return [];
    return [deviation(cell, `as ${like.whose}: ${told(like)}`, told(cell))];
  });
}

/** What was answered, in the words of what is expected. */
function verdictOf({ heard }: Cell): string {
  if (heard.status === 200) return "done";
  const { error } = heard.body ?? {};
  return statusOf(error) === heard.status ? error : `${heard.status} ${error}`;
}

function saying(cell: Cell): string {
  return `${verdictOf(cell)}: ${JSON.stringify(cell.heard.body?.message ?? cell.heard.body)}`;
}

/** An answer without what it was asked. */
function told({ heard, ground, thing }: Cell): string {
  const { reqId: _, ...body } = heard.body ?? {};
  let text = `${heard.status} ${JSON.stringify(body)}`;
  for (const given of [thing.id, thing.name, ground.projectId, ground.environmentId, ground.slug]) {
    if (given !== "") text = text.replaceAll(given, "…");
  }
  return text;
}
