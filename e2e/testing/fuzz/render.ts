/** Turns a draft into bytes: references become ids, and what would be long in a report becomes long here. */
import type { Draft } from "./grammar.ts";
import type { Sent } from "./sender.ts";

/** Writes a request. `things` are the ids and names that are there now. */
export function render(draft: Draft, things: Record<string, string>, authorization: string | null): Sent {
  const known = (text: string): string =>
    text
      .replace(/§([\w.]+)§/g, (reference, name) => things[name] ?? reference)
      .replace(/§long:(\d+)§/g, (_, n) => "x".repeat(Number(n)));
  const query = draft.query.map(([name, value]) => `${percent(known(name))}=${percent(known(value))}`).join("&");
  const path = `/${known(draft.segments.join("/"))}${draft.suffix}`;
  const target = query === "" ? path : `${path}${path.includes("?") ? "&" : "?"}${query}`;
  const text = draft.text ?? (draft.body === undefined ? undefined : JSON.stringify(draft.body));
  return {
    method: draft.method,
    // Node's client refuses to send the others at all.
    target: target.replace(/[^\u0021-\u00ff]/g, (letter) => percent(letter)),
    headers: {
      ...(text !== undefined && { "content-type": "application/json" }),
      ...(authorization !== null && { authorization }),
      ...draft.headers,
    },
    body: text === undefined ? undefined : bytesOf(known(text)),
  };
}

function percent(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

function bytesOf(json: string): Buffer {
  const text = json
    .replace(/"§deep:(.):(\d+)§"/g, (_, open, n) =>
      open === "["
        ? "[".repeat(Number(n)) + "]".repeat(Number(n))
        : `${'{"a":'.repeat(Number(n))}1${"}".repeat(Number(n))}`,
    )
    .replace(/"§wide:(\d+)§"/g, (_, n) => `{${Array.from({ length: Number(n) }, (_, i) => `"k${i}":${i}`).join()}}`)
    .replace(/"§number:(\d+)§"/g, (_, n) => "9".repeat(Number(n)));
  if (!text.includes("§bytes§")) return Buffer.from(text);
  return Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff, 0xc0, 0xae, 0xed, 0xa0, 0x80]), Buffer.from('"}')]);
}
