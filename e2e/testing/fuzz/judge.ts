/** Whether an answer is one that the document allows, in the one shape that all answers have. */
import type { Json } from "../wire.ts";
import type { Operation } from "./grammar.ts";
import type { Heard, Sent } from "./sender.ts";
import { PATIENCE_MS } from "./sender.ts";

/** On every answer, also to what is no request. */
const headers: Record<string, string> = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** What an address that no operation has can be answered with; a body is looked at all the same. */
const elsewhere = new Set([400, 404, 413, 415]);
/** No 500, whatever the document says of them. */
const late = new Set([503, 504]);

/** Finds the operation that a request reaches, as a reader of the document would. */
export function reached(
  operations: Operation[],
  { method, target }: Pick<Sent, "method" | "target">,
): Operation | undefined {
  const path = target.split(/[?#]/, 1)[0]!.replace(/\/$/, "");
  const segments = path.split("/").map(decoded);
  const fits = operations.filter((operation) => {
    const wanted = operation.path.split("/");
    return (
      operation.method === method &&
      wanted.length === segments.length &&
      wanted.every((part, i) => part.startsWith("{") || part === segments[i])
    );
  });
  const fixed = ({ path }: Operation): number => path.split("/").filter((part) => !part.startsWith("{")).length;
  return fits.sort((a, b) => fixed(b) - fixed(a))[0];
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Everything that is wrong with an answer. */
export function faultsOf(sent: Sent, heard: Heard, operation: Operation | undefined): string[] {
  const { status } = heard;
  if (status === 0) {
    // The server says 413 and hangs up while the rest is still on its way: not every sender gets to read that.
    const cut = (sent.body?.length ?? 0) > 1_048_576 && heard.error !== "hangs";
    return cut ? [] : [`no answer: ${heard.error}`];
  }
  const faults: string[] = [];
  const declared = operation?.statuses ?? elsewhere;
  if (!declared.has(status)) faults.push(`status ${status} is not declared`);
  if (status >= 500 && !late.has(status)) faults.push(`status ${status}`);
  if (heard.ms > PATIENCE_MS) faults.push(`took ${Math.round(heard.ms)} ms`);
  for (const [name, value] of Object.entries(headers)) {
    if (heard.headers[name] !== value) faults.push(`header ${name} is ${heard.headers[name]}`);
  }
  if (sent.method === "HEAD" || status === 304 || (status === 200 && operation?.streams)) return faults;
  if (heard.headers["content-type"] !== "application/json; charset=utf-8") {
    faults.push(`content type is ${heard.headers["content-type"]}`);
  }
  return [...faults, ...faultsOfBody(heard)];
}

function faultsOfBody({ status, text, headers }: Heard): string[] {
  let body: Json;
  try {
    body = JSON.parse(text);
  } catch {
    return ["the body is not JSON"];
  }
  if (status === 200) return typeof body === "object" && body !== null ? [] : ["the body is no object"];
  const { reqId, statusCode, message, error, ...more } = body;
  const faults: string[] = [];
  if (reqId === undefined || reqId !== headers["x-request-id"]) faults.push("reqId is not the request's");
  if (statusCode !== status) faults.push(`statusCode is ${statusCode}`);
  if (typeof message !== "string" || message === "") faults.push("message is no text");
  if (typeof error !== "string" || error === "") faults.push("error is no name");
  const unknown = Object.keys(more).filter((name) => name !== "details");
  if (unknown.length > 0) faults.push(`more than an error: ${unknown}`);
  return faults;
}
