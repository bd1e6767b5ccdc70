/** The documents tell what is there: links lead somewhere, and the settings are those of the code. */
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { schema } from "../packages/server/config.ts";

const root = dirname(import.meta.dirname);
const documents = globSync(["*.md", "docs/**/*.md", "packages/**/*.md"], {
  cwd: root,
  exclude: ["**/node_modules/**"],
});
const text = (file: string) => readFileSync(join(root, file), "utf8");

test("every link between documents leads to a file", () => {
  for (const file of documents) {
    for (const [, target] of text(file).matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      assert.ok(existsSync(join(root, dirname(file), target!)), `${file} links to ${target}, which is not there`);
    }
  }
});

test("the settings page lists exactly the settings that the server reads, with their defaults", () => {
  const rows = text("docs/guides/configuration.md").matchAll(/^\| (`[A-Z_`, ]+)°? ?\| ([^|]*)\|/gm);
  const listed = new Map(
    [...rows].flatMap(([, names, value]) => [...names!.matchAll(/`([A-Z_]+)`/g)].map(([, name]) => [name!, value!])),
  );
  assert.deepEqual([...listed.keys()].sort(), Object.keys(schema.shape).sort());
  const defaults = schema.partial().parse({});
  for (const [name, value] of Object.entries(defaults)) {
    if (Array.isArray(value)) continue;
    const shown = name === "MIN_LEASE_TTL" ? `${value}s` : String(value);
    assert.ok(listed.get(name)!.includes(`\`${shown}\``), `${name} defaults to ${shown}, not ${listed.get(name)}`);
  }
});

test("the scripts that documents name are there", () => {
  const { scripts } = JSON.parse(text("package.json"));
  for (const file of documents) {
    for (const [, name] of text(file).matchAll(/`npm run ([a-z]+)/g))
      assert.ok(scripts[name!], `${file}: npm run ${name}`);
  }
});
