/**
 * Two kinds of tests stand beside the source: facts that need nothing, and facts on real servers.
 *
 * Owns how they are told apart, so that nobody keeps a list: a test needs a server if it, or a file of a `testing/`
 * folder on its way, imports something that starts one.
 */
import type { Source } from "../check/sources.ts";

/** What starts a server. */
const starters = /^(scripts\/servers\/|packages\/store\/embedded\/index\.ts|packages\/server\/(index|server)\.ts)/;

const isTest = (file: string) => /\.test\.ts$/.test(file);
const isForTests = (file: string) => isTest(file) || /\/testing\//.test(file);

/** The test files beside the source, in their two kinds. */
export interface Kinds {
  alone: string[];
  onServers: string[];
}

/** Sorts the tests of packages, scripts and benches. */
export function kindsOf(sources: Source[]): Kinds {
  const files = new Map(sources.map((source) => [source.file, source]));

  const needsServer = (file: string, seen = new Set<string>()): boolean => {
    if (starters.test(file)) return true;
    if (seen.has(file) || !isForTests(file)) return false;
    seen.add(file);
    return (files.get(file)?.imports ?? []).some(({ leadsTo }) => leadsTo !== null && needsServer(leadsTo, seen));
  };

  const kinds: Kinds = { alone: [], onServers: [] };
  for (const { file } of sources) {
    if (!isTest(file) || !/^(packages|scripts|bench)\//.test(file)) continue;
    kinds[needsServer(file) ? "onServers" : "alone"].push(file);
  }
  return kinds;
}
