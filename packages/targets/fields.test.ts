import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { z } from "zod";
import { defaulted, optional, readField, secret } from "./fields.ts";

describe("a field", () => {
  const wrapped: Record<string, z.ZodType> = {
    itself: secret({ title: "Key" }),
    trim: secret({ title: "Key" }).trim(),
    min: secret({ title: "Key" }).min(5),
    optional: secret({ title: "Key" }).optional(),
    nullable: secret({ title: "Key" }).nullable(),
    default: secret({ title: "Key" }).default("x"),
    prefault: secret({ title: "Key" }).prefault("x"),
    catch: secret({ title: "Key" }).catch("x"),
    readonly: secret({ title: "Key" }).readonly(),
    transform: secret({ title: "Key" }).transform((value) => value.length),
    refine: secret({ title: "Key" }).refine(() => true),
    pipe: secret({ title: "Key" }).pipe(z.string()),
    "pipe into it": z.string().pipe(secret({ title: "Key" })),
    preprocess: z.preprocess((value) => value, secret({ title: "Key" })),
    lazy: z.lazy(() => secret({ title: "Key" })),
    "optional as the wire means it": optional(secret({ title: "Key" })),
    defaulted: defaulted(secret({ title: "Key" }), "x"),
    "all at once": z
      .preprocess((value) => value, secret({ title: "Key" }).trim().optional().default("x"))
      .transform(String),
  };
  for (const [name, schema] of Object.entries(wrapped)) {
    test(`stays a secret with its title through ${name}`, () => {
      const { meta } = readField(schema);
      assert.equal(meta.secret, true);
      assert.equal(meta.title, "Key");
    });
  }

  test("cannot be unmarked by what is wrapped around it", () => {
    const { meta } = readField(secret({ title: "Key" }).optional().meta({ title: "Other", secret: false }));
    assert.deepEqual(meta, { title: "Other", secret: true });
  });

  test("says whether it must be given and what it is otherwise", () => {
    assert.equal(readField(z.string()).required, true);
    assert.equal(readField(z.string().transform(String)).required, true);
    assert.equal(readField(optional(z.string())).required, false);
    const { required, default: value } = readField(defaulted(z.number(), 7));
    assert.deepEqual({ required, value }, { required: false, value: 7 });
  });

  test('is unset by "", by null and by leaving it out', () => {
    const schema = z.object({ a: optional(z.number()), b: defaulted(z.number(), 7) });
    for (const input of [{}, { a: "", b: "" }, { a: null, b: null }]) {
      const { a, b } = schema.parse(input);
      assert.deepEqual([a, b], [undefined, 7]);
    }
  });
});
