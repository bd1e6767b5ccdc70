import assert from "node:assert/strict";
import { test } from "node:test";
import { readDotenv } from "./dotenv.ts";

const read = (text: string) => Object.fromEntries(readDotenv(text));

test("names and values are read as files write them", () => {
  const text = [
    "\uFEFFA=1",
    "",
    "# B=no",
    "export C = three ",
    "D=un quoted # comment",
    "E='single $ \\n # kept' # comment",
    'F="two\\nlines \\"quoted\\""',
    "G=",
    'H=""',
    "I=a#b=c",
    "A=last",
  ].join("\r\n");
  assert.deepEqual(read(text), {
    A: "last",
    C: "three",
    D: "un quoted",
    E: "single $ \\n # kept",
    F: 'two\nlines "quoted"',
    G: "",
    H: "",
    I: "a#b=c",
  });
});

test("a quoted value may go over several lines", () => {
  assert.deepEqual(read("KEY='-----BEGIN\nabc\n-----END'\nNEXT=1"), { KEY: "-----BEGIN\nabc\n-----END", NEXT: "1" });
});

test("what is no such line is refused by its number and not quoted", () => {
  assert.throws(() => read("A=1\ncanary"), { message: "Line 2 is not NAME=value" });
  assert.throws(() => read("A=1\nB='canary\nC=2"), { message: "The quote opened on line 2 is never closed" });
});
