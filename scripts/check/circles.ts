/** Circles: files that import each other in a loop, so that none can be read or changed alone. */
import type { Finding, Import, Source } from "./sources.ts";

/** Finds one loop for every file that closes one; type imports count, since a reader follows them too. */
export function checkCircles(sources: Source[]): Finding[] {
  const files = new Map(sources.map((source) => [source.file, source]));
  const done = new Set<string>();
  const findings: Finding[] = [];

  const visit = (source: Source, path: string[]): void => {
    if (done.has(source.file)) return;
    const here = [...path, source.file];
    for (const found of source.imports) {
      const next = found.leadsTo === null ? undefined : files.get(found.leadsTo);
      if (!next) continue;
      const start = here.indexOf(next.file);
      if (start >= 0) findings.push(loop(source.file, found, here.slice(start)));
      else visit(next, here);
    }
    done.add(source.file);
  };

  for (const source of sources) visit(source, []);
  return findings;
}

function loop(file: string, { line }: Import, files: string[]): Finding {
  const round = [...files, files[0]!].join(" -> ");
  return { file, line, message: `a circle: ${round}. Move what both need into a file of its own` };
}
