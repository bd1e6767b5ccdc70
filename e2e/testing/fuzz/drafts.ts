/** The requests of a run: the same seed and number give the same ones. */
import fc from "fast-check";
import { type Draft, fitting, type Operation, type Words } from "./grammar.ts";
import { mutation } from "./mutations.ts";

const callers = fc.oneof(
  { weight: 40, arbitrary: fc.constant("admin") },
  { weight: 12, arbitrary: fc.constant("ruler") },
  { weight: 6, arbitrary: fc.constant("person") },
  { weight: 10, arbitrary: fc.constant("member") },
  { weight: 5, arbitrary: fc.constant("viewer") },
  { weight: 10, arbitrary: fc.constant("leaseOnly") },
  { weight: 6, arbitrary: fc.constant("nobody") },
  { weight: 14, arbitrary: fc.nat(10_000).map((attack) => `forger ${attack}`) },
);
/** One request in four is left as it fits, one has several faults. */
const changes = fc.oneof(
  { weight: 2, arbitrary: fc.constant([]) },
  { weight: 4, arbitrary: fc.array(mutation, { minLength: 1, maxLength: 1 }) },
  { weight: 2, arbitrary: fc.array(mutation, { minLength: 2, maxLength: 3 }) },
);

/** Draws requests. */
export function drafts(
  operations: Operation[],
  words: { params: Words; fields: Words },
  { seed, requests }: { seed: number; requests: number },
): Draft[] {
  const any = fc
    .tuple(fc.oneof(...operations.map((operation) => fitting(operation, words.fields, words.params))), callers, changes)
    .map(([fit, caller, changes]): Draft => {
      // What a word stands for is shared between requests.
      const draft: Draft = {
        ...fit,
        caller,
        segments: [...fit.segments],
        query: [...fit.query],
        body: structuredClone(fit.body),
      };
      draft.headers = { ...fit.headers };
      draft.done = changes.map(({ name }) => name);
      for (const { apply } of changes) apply(draft);
      return draft;
    });
  return fc.sample(any, { seed, numRuns: requests });
}
