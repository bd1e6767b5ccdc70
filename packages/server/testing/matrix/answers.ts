/** What is true of every answer, whoever gets it: its headers, its body, its row in the audit trail, and what is not in it. */
import type { audit } from "@dayfly/store";
import { type Deviation, deviation } from "./deviations.ts";
import { holds } from "./kinds.ts";
import type { Cell, Matrix } from "./run.ts";
import { formsOf } from "./secrecy.ts";

/** On every answer (S20). */
const headers: Record<string, RegExp> = {
  "cache-control": /^no-store$/,
  "content-security-policy": /(?=.*default-src 'none')(?=.*frame-ancestors 'none')/,
  "content-type": /^(application\/json|text\/event-stream); charset=utf-8$/,
  "cross-origin-resource-policy": /^same-origin$/,
  "referrer-policy": /^no-referrer$/,
  "x-content-type-options": /^nosniff$/,
  "x-frame-options": /^DENY$/,
};

/** Deviating headers, and error bodies that are not the wire's. */
export function dressDeviations({ cells }: Matrix): Deviation[] {
  return cells.flatMap((cell) => {
    const { status, body, headers: heard, requestId } = cell.heard;
    const wrong = Object.entries(headers).filter(([name, pattern]) => !pattern.test(heard.get(name) ?? ""));
    const found = wrong.map(([name, pattern]) => deviation(cell, `${name}: ${pattern}`, String(heard.get(name))));
    if (heard.get("x-request-id") !== requestId) found.push(deviation(cell, "its request id", "another"));
    const isError = body?.reqId === requestId && body?.statusCode === status && typeof body?.message === "string";
    if (status >= 400 && !isError) found.push(deviation(cell, "an error of the wire", JSON.stringify(body)));
    return found;
  });
}

/** Recorded by the rows of the lease that is moved, of which there may be several. */
const movesLease = ["createLease", "renewLease", "rotateLease", "deleteLease"];

/** Answers without the one row of their request, and rows with a secret in them. */
export async function auditDeviations({ lab, callers, cells }: Matrix): Promise<Deviation[]> {
  const rows = await lab.server.running.store.sql.selectFrom("audit_events").select("body").execute();
  const { admin, identity } = lab.server.running.bootstrap!;
  const known = callers.flatMap(({ token }) => token ?? []);
  const values = [lab.shop, lab.elsewhere].map(({ mark }) => `value-${mark}`);
  const secrets = [...formsOf(lab.canary), ...values, ...known, lab.admin, admin.password, identity.clientSecret];
  const leaks = rows.filter(({ body }) => secrets.some((secret) => body.includes(secret)));
  const byRequest = Map.groupBy(
    rows.map(({ body }): audit.AuditRow => JSON.parse(body)),
    (row) => row.requestId,
  );
  return [
    ...leaks.map(({ body }) => ({
      route: JSON.parse(body).event,
      caller: "",
      object: "audit row",
      expected: "no secret",
      got: "one",
    })),
    ...cells.flatMap((cell) => {
      const own = byRequest.get(cell.heard.requestId) ?? [];
      const got = own.map(({ event, outcome }) => (event.startsWith("lease.") ? "lease" : `${event} ${outcome}`));
      const wanted = rowsFor(cell, got);
      return `${got}` === `${wanted}` ? [] : [deviation(cell, `rows: ${wanted}`, `${got}`)];
    }),
  ];
}

function rowsFor({ name, route, heard }: Cell, got: string[]): string[] {
  if (route.audit === "unaudited") return [];
  if (heard.status === 200 && movesLease.includes(name)) return got.length > 0 ? got.map(() => "lease") : ["lease"];
  const isDenied = [401, 403, 429].includes(heard.status);
  return [`${route.audit} ${heard.status === 200 ? "done" : isDenied ? "denied" : "failed"}`];
}

/** Stored admin credentials leave by these alone (S09). */
const doors = ["getDynamicSecret", "createDynamicSecret", "updateDynamicSecret"];

/** Stored admin credentials where they must not be, or not where they must. */
export async function rootCredentialDeviations({ lab, cells }: Matrix, hides: boolean): Promise<Deviation[]> {
  const forms = formsOf(lab.canary);
  const found: Deviation[] = [];
  for (const cell of cells) {
    const text = textOf(cell);
    const isShown = forms.some((form) => text.includes(form));
    const { member } = cell.caller.kind;
    const spot = { path: "/database", name: cell.thing.name };
    const mayBoth =
      member !== undefined &&
      ["read", "edit"].every((act) => holds(member, `${act}-root-credential`, "dynamic-secrets", spot));
    const isDoor = !hides && doors.includes(cell.name) && cell.expected === "done" && mayBoth;
    if (isShown !== isDoor) found.push(deviation(cell, `root credential: ${isDoor}`, `${isShown}`));
    if (!isDoor) continue;
    const [row] = await lab.server.auditOf(cell.heard.requestId);
    if (row?.detail.rootCredentials === true) continue;
    found.push(deviation(cell, "a row that says so", JSON.stringify(row?.detail)));
  }
  return found;
}

const projectLists = ["listProjects", "listWorkspaces"];

/** What is another project's, or no business of the caller, in an answer. */
export function leakDeviations({ lab, cells }: Matrix): Deviation[] {
  const { shop, elsewhere } = lab;
  return cells.flatMap((cell) => {
    const { permission } = cell.route;
    // All projects are the organization's, and its admins see which there are.
    if (!("open" in permission) && permission.scope === "organization") return [];
    if (cell.caller.kind.org === "admin" && projectLists.includes(cell.name)) return [];
    const text = textOf(cell);
    const { member } = cell.caller.kind;
    const reads = member !== undefined && holds(member, "read", "secrets", { path: "/database" });
    const hidden: [boolean, string, string][] = [
      [true, elsewhere.mark, "of another project"],
      [member === undefined, shop.mark, "for a stranger"],
      [!reads, `value-${shop.mark}`, "of a value"],
    ];
    return hidden
      .filter(([isHidden, mark]) => isHidden && text.includes(mark))
      .map(([, , what]) => deviation(cell, `nothing ${what}`, "its mark"));
  });
}

const texts = new WeakMap<Cell, string>();

function textOf(cell: Cell): string {
  let text = texts.get(cell);
  if (text === undefined) {
    text = `${JSON.stringify(cell.heard.body)} ${[...cell.heard.headers].flat().join(" ")}`;
    texts.set(cell, text);
  }
  return text;
}
