/** What a package imports, its package.json declares; npm's hoisting would hide a missing line until someone installs it alone. */
import { readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import type { Finding, Source } from "./sources.ts";

/** Names the dependencies of a folder with a package.json; "" is the root. */
export type Declared = (folder: string) => string[];

/** Finds imports that the package does not declare. Tests are not published: they may use what anything here declares. */
export function checkManifests(sources: Source[], declared: Declared): Finding[] {
  const packages = new Set(sources.flatMap(({ file }) => /^packages\/[^/]+/.exec(file)?.[0] ?? []));
  const anywhere = new Set(["", ...packages].flatMap(declared));
  return sources.flatMap(({ file, imports }) => {
    const room = /^packages\/[^/]+/.exec(file)?.[0];
    if (!room) return [];
    const test = /\.test\.ts$|\/testing\//.test(file);
    const known = test ? anywhere : new Set(declared(room));
    return imports.flatMap(({ specifier, line }) => {
      if (specifier.startsWith(".") || isBuiltin(specifier)) return [];
      const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
      return known.has(name) ? [] : [{ file, line, message: `${name} is not in ${room}/package.json: add it there` }];
    });
  });
}

/** Reads the manifests of a checkout. */
export function manifestsOf(root: string): Declared {
  const read = new Map<string, string[]>();
  return (folder) => {
    const known = read.get(folder);
    if (known) return known;
    const manifest = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    const names = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"].flatMap((kind) =>
      Object.keys(manifest[kind] ?? {}),
    );
    read.set(folder, names);
    return names;
  };
}
