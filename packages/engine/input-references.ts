/**
 * References to static secrets in the secret inputs of a configuration: the admin's password lies in one place, and a change
 * of it there is met at the next use.
 *
 * A reference is the whole value and says the whole way, `${env.folder.KEY}`. What it leads to is taken as it is written
 * there and never read for further references: whoever may write that secret could otherwise have a third one sent to the
 * target. Who saves a configuration must be allowed to read what it refers to; whoever leases with it need not.
 */
import { type Db, secrets } from "@dayfly/store";
import { type AnyTarget, secretFields } from "@dayfly/targets";
import type { MayRead, Spot } from "./api.ts";
import { InvalidInputs, RuleBroken } from "./errors.ts";
import { nameOf, readReferences } from "./references.ts";

/** A secret input that refers to a static secret. */
export interface InputReference {
  field: string;
  spot: Spot;
}

/** The references among the inputs of a type. */
export function inputReferences(target: AnyTarget, inputs: Record<string, unknown>): InputReference[] {
  return secretFields(target).flatMap((field) => {
    const value = inputs[field];
    const spot = typeof value === "string" ? spotOf(value) : null;
    return spot === null ? [] : [{ field, spot }];
  });
}

function spotOf(value: string): Spot | null {
  const [only, ...more] = readReferences(value, { environment: "", path: "/" });
  if (only === undefined || typeof only === "string" || more.length > 0) return null;
  // A name alone would change its meaning with the place that the configuration lies in.
  return only.spot.environment === "" ? null : only.spot;
}

/** What the references lead to, by field; fields whose secret is not there are left out. */
export async function readInputReferences(
  db: Db,
  projectId: string,
  references: InputReference[],
  mayRead: MayRead = () => true,
): Promise<Record<string, string>> {
  if (references.length === 0) return {};
  const rows = await secrets.atAll(
    db,
    projectId,
    references.map(({ spot }) => spot),
  );
  const byName = new Map(rows.filter(mayRead).map((row) => [nameOf(row), row]));
  const read: Record<string, string> = {};
  for (const { field, spot } of references) {
    const row = byName.get(nameOf(spot));
    if (row !== undefined) read[field] = (await secrets.open(db, row)).value;
  }
  return read;
}

/** The same for who saves them. @throws InvalidInputs, alike for a secret that is not there and one that they may not read */
export async function readSavedReferences(
  db: Db,
  projectId: string,
  references: InputReference[],
  mayRead: MayRead,
): Promise<Record<string, string>> {
  const read = await readInputReferences(db, projectId, references, mayRead);
  const missing = references.filter(({ field }) => !Object.hasOwn(read, field));
  if (missing.length === 0) return read;
  throw new InvalidInputs(
    missing.map(({ field, spot }) => ({
      path: ["provider", "inputs", field],
      message: `the secret ${nameOf(spot)} that it refers to is not there, or you may not read it`,
    })),
  );
}

/** Says which reference leads nowhere, if one does; null where all of them do lead somewhere. */
export function brokenReference(references: InputReference[], read: Record<string, string>): RuleBroken | null {
  const broken = references.find(({ field }) => !Object.hasOwn(read, field));
  if (broken === undefined) return null;
  return new RuleBroken(
    `the secret ${nameOf(broken.spot)} that the input '${broken.field}' refers to is not there: make it again, or change the input`,
  );
}
