/**
 * Whether a text is as a pattern says. `*` stands for any characters of a segment and `?` for one, `**` for any number of
 * whole segments, also none: "/a/**" is "/a" and all below. Case counts.
 *
 * One star is remembered at a time and never an earlier one, so the work is at most pattern times text, whatever both are.
 */

/** Whether the whole text matches the pattern. */
export function globMatches(pattern: string, text: string): boolean {
  return wild(segmentsOf(pattern), segmentsOf(text), "**", (part, segment) =>
    wild([...part], [...segment], "*", (mark, character) => mark === "?" || mark === character),
  );
}

// The root is the path with nothing below its first slash.
function segmentsOf(path: string): string[] {
  return path === "/" ? [""] : path.split("/");
}

/** Matches items one by one, `star` standing for any number of them. */
function wild(
  pattern: string[],
  text: string[],
  star: string,
  same: (pattern: string, text: string) => boolean,
): boolean {
  let at = 0;
  let read = 0;
  let afterStar = -1;
  let starReads = 0;
  while (read < text.length) {
    if (at < pattern.length && pattern[at] === star) {
      afterStar = ++at;
      starReads = read;
    } else if (at < pattern.length && same(pattern[at]!, text[read]!)) {
      at++;
      read++;
    } else if (afterStar >= 0) {
      // What follows the star does not fit here: the star takes one item more.
      at = afterStar;
      read = ++starReads;
    } else {
      return false;
    }
  }
  while (pattern[at] === star) at++;
  return at === pattern.length;
}
