/** No file is too long to be read in one sitting. */
import type { Finding, Source } from "./sources.ts";

const most = 400;

/** Finds files of more than 400 lines. */
export function checkLength(sources: Source[]): Finding[] {
  return sources.flatMap(({ file, text }) => {
    const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
    if (lines <= most) return [];
    return [{ file, line: most + 1, message: `${lines} lines, ${most} at most: split it by noun` }];
  });
}
