/** The checks that need no server, each as a phase with one line. */
import type { Phase, Result } from "../test/phase.ts";
import { checkArrows } from "./arrows.ts";
import { checkCircles } from "./circles.ts";
import { checkLength } from "./length.ts";
import { checkManifests, manifestsOf } from "./manifests.ts";
import type { Finding, Source } from "./sources.ts";
import { readSources } from "./sources.ts";
import type { Said } from "./tools.ts";
import { checkFormat, checkTypes } from "./tools.ts";

/** Types, format, arrows, circles and length of the checkout at `root`. */
export function checks(root: string): Phase[] {
  const house = (name: string, covers: string, find: (sources: Source[]) => Finding[]): Phase => ({
    name,
    covers,
    run: async () => found(find(readSources(root))),
  });
  return [
    { name: "types", covers: "tsc, strict", run: async () => said(await checkTypes(root)) },
    { name: "format", covers: "biome: format and lint", run: async () => said(await checkFormat(root)) },
    house("arrows", "no import between rooms but the eight arrows", checkArrows),
    house("declared", "every package declares what it imports", (all) => checkManifests(all, manifestsOf(root))),
    house("circles", "no files that import each other in a loop", checkCircles),
    house("length", "no file over 400 lines", checkLength),
  ];
}

/** All of them as one phase, for a run in which they are one line among others. */
export function checkPhase(root: string): Phase {
  return {
    name: "check",
    covers: "types, format, arrows, circles, length",
    run: async (log) => {
      const results = await Promise.all(checks(root).map((phase) => phase.run(log)));
      return {
        passed: results.reduce((sum, { passed }) => sum + passed, 0),
        failures: results.flatMap(({ failures }) => failures),
      };
    },
  };
}

const found = (findings: Finding[]): Result => ({
  passed: findings.length ? 0 : 1,
  failures: findings.map(({ file, line, message }) => `${file}:${line}: ${message}`),
});

const said = ({ ok, output }: Said): Result =>
  ok ? { passed: 1, failures: [] } : { passed: 0, failures: [output.trim() || "failed without a word"] };
