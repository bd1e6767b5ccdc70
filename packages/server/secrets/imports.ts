/**
 * What a folder imports, as one reader sees it. Owns the order: a later import wins over an earlier one, and what a folder
 * holds itself over what it imports in turn.
 *
 * Each folder behind the imports is read once, however many ways lead to it: whatever it could add the second time has been
 * added, or has lost. So a circle ends by itself, and the answer cannot grow by repetition.
 */
import { type Db, secretImports, secrets } from "@dayfly/store";

/** One import of the folder, with all that comes by it. */
export interface Imported {
  environment: string;
  path: string;
  folderId: string;
  secrets: secrets.SealedSecret[];
}

/** What the reader may read. */
export interface ReadRights {
  /** Whether there may be secrets at a place that the reader may read. */
  mayReadIn(place: { environment: string; path: string }): boolean;
  mayReadOne(secret: Pick<secrets.SealedSecret, "environment" | "path" | "key" | "metadata">): boolean;
}

/** Imports of imports, so deep. */
const DEEPEST = 10;

/** The imports of a folder in order; without those whose place the reader may not read. With `key`, only secrets of that name. */
export async function importedInto(db: Db, folderId: string, rights: ReadRights, key?: string): Promise<Imported[]> {
  const sources = await sourcesFrom(db, folderId, rights);
  const direct = sources.get(folderId) ?? [];
  if (direct.length === 0) return [];
  const held = new Map<string, secrets.SealedSecret[]>();
  const reached = new Set([...sources.values()].flatMap((imports) => imports.map(({ folder }) => folder)));
  for (const secret of await secrets.inFolders(db, [...reached], key)) {
    if (!rights.mayReadOne(secret)) continue;
    const there = held.get(secret.folder_id);
    if (there) there.push(secret);
    else held.set(secret.folder_id, [secret]);
  }
  const seen = new Set([folderId]);
  const add = (to: Map<string, secrets.SealedSecret>, folder: string, depth: number): void => {
    for (const secret of held.get(folder) ?? []) if (!to.has(secret.key)) to.set(secret.key, secret);
    if (depth === DEEPEST) return;
    for (const next of (sources.get(folder) ?? []).toReversed()) {
      if (seen.has(next.folder)) continue;
      seen.add(next.folder);
      add(to, next.folder, depth + 1);
    }
  };
  const entries = direct.toReversed().map(({ folder, environment, path }) => {
    const brought = new Map<string, secrets.SealedSecret>();
    seen.add(folder);
    add(brought, folder, 1);
    return { environment, path, folderId: folder, secrets: [...brought.values()] };
  });
  return entries.toReversed();
}

interface Source {
  folder: string;
  environment: string;
  path: string;
}

/** Who imports from where, as far as it can be reached from a folder; level by level, a look-up each. */
async function sourcesFrom(db: Db, folderId: string, rights: ReadRights): Promise<Map<string, Source[]>> {
  const sources = new Map<string, Source[]>([[folderId, []]]);
  let level = [folderId];
  for (let depth = 0; level.length > 0 && depth < DEEPEST; depth += 1) {
    const next = new Set<string>();
    for (const row of await secretImports.inFolders(db, level)) {
      const { source_folder_id: folder, source_slug: environment, source_path: path } = row;
      if (folder === null || folder === folderId || !rights.mayReadIn({ environment, path })) continue;
      sources.get(row.folder_id)!.push({ folder, environment, path });
      if (!sources.has(folder)) {
        sources.set(folder, []);
        next.add(folder);
      }
    }
    level = [...next];
  }
  return sources;
}
