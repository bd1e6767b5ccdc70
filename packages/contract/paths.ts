/**
 * The canonical form of a path in an environment: "/" or "/a/b".
 *
 * Owns which texts are paths at all. There is one spelling for each place, and whatever could be a second one (dots,
 * percent signs, backslashes, doubled slashes, control characters, anything beyond ASCII) is refused, never mended, so
 * that no two readers can disagree about where a request goes.
 */
import { z } from "zod";

/** Longest path, in characters. */
const LONGEST = 1024;
/** Most segments in a path. */
const DEEPEST = 32;

const segment = /^[A-Za-z0-9_-]{1,64}$/;

/** What a refused path is answered with. */
export const pathExample =
  'Path must be "/" or like "/database/dynamic": letters, digits, "-" and "_", at most 64 in each of at most 32 segments';

/** The canonical form of a path: blanks around it and one final slash dropped, "" is "/"; null when it is not a path. */
export function canonicalPath(text: string): string | null {
  const path = text.trim();
  if (path.length > LONGEST) return null;
  if (path === "" || path === "/") return "/";
  if (!path.startsWith("/")) return null;
  const segments = (path.endsWith("/") ? path.slice(1, -1) : path.slice(1)).split("/");
  if (segments.length > DEEPEST || !segments.every((name) => segment.test(name))) return null;
  return `/${segments.join("/")}`;
}

/** The path of something named inside a folder. */
export function childPath(parent: string, name: string): string {
  return parent === "/" ? `/${name}` : `${parent}/${name}`;
}

/** A path in its canonical form. */
export const path = z
  .string()
  .transform((text, context) => {
    const canonical = canonicalPath(text);
    if (canonical === null) context.addIssue({ code: "custom", message: pathExample });
    return canonical ?? "/";
  })
  .meta({ description: pathExample });

/** The name of a folder: one segment. */
export const folderName = z.string().trim().regex(segment, 'Folder name must be 1 to 64 letters, digits, "-" or "_"');
