/** Each text of each operation in its turn as one that no database keeps. */
import fc from "fast-check";
import { type Draft, fitting, type Operation, type Words } from "./grammar.ts";
import { spotsIn } from "./mutations.ts";

const texts = ["a\u0000b", "a\ud800b"];

/** One draft a text: fields of the body and of the query, whatever else fits. */
export function unstorable(operations: Operation[], words: { params: Words; fields: Words }, seed: number): Draft[] {
  return operations.flatMap((operation) => {
    const drafts: Draft[] = [];
    const seen = new Set<string>();
    // Some fields are there only in some requests.
    for (const drawn of fc.sample(fitting(operation, words.fields, words.params), { seed, numRuns: 8 })) {
      const spots = spotsIn(structuredClone(drawn.body)).length;
      for (let at = 0; at < spots + drawn.query.length; at++) {
        for (const text of texts) {
          const draft = {
            ...drawn,
            query: [...drawn.query],
            body: structuredClone(drawn.body),
            done: [JSON.stringify(text)],
          };
          const name = at < spots ? replaceIn(draft, at, text) : replaceInQuery(draft, at - spots, text);
          if (name === null || seen.has(name + text)) continue;
          seen.add(name + text);
          drafts.push(draft);
        }
      }
    }
    return drafts;
  });
}

/** @returns the field's name; null where it is no text */
function replaceIn({ body }: Draft, at: number, text: string): string | null {
  const { holder, key } = spotsIn(body)[at]!;
  if (typeof holder[key] !== "string") return null;
  holder[key] = text;
  return `${Array.isArray(holder) ? "item" : key}`;
}

function replaceInQuery({ query }: Draft, at: number, text: string): string {
  const [name] = query[at]!;
  query[at] = [name, text];
  return `?${name}`;
}
