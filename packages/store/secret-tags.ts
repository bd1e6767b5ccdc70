/** Which tags a secret has. The tags themselves are `tags.ts`; here they are only pointed at. */
import { sql } from "kysely";
import type { Tx } from "./db.ts";
import { NotFound } from "./errors.ts";

/** A tag as a secret shows it. */
export interface Tag {
  id: string;
  slug: string;
  name: string;
  color: string;
}

/** The tags of the secret `s` of a query, by slug. */
export const tagsOf = sql<Tag[]>`(
  select coalesce(
    json_agg(json_build_object('id', t.id, 'slug', t.slug, 'name', t.name, 'color', t.color) order by t.slug),
    '[]')
  from secret_tags st join tags t on t.id = st.tag_id where st.secret_id = s.id)`;

/** Gives a secret these tags and no others. @throws NotFound when one is not the project's */
export async function set(tx: Tx, secret: { id: string; project_id: string }, tagIds: string[]): Promise<void> {
  await tx.sql.deleteFrom("secret_tags").where("secret_id", "=", secret.id).execute();
  if (tagIds.length === 0) return;
  const wanted = new Set(tagIds);
  const found = await tx.sql
    .insertInto("secret_tags")
    .columns(["secret_id", "tag_id"])
    .expression((from) =>
      from
        .selectFrom("tags")
        .select([sql<string>`${secret.id}::uuid`.as("secret_id"), "tags.id as tag_id"])
        .where("tags.project_id", "=", secret.project_id)
        .where("tags.id", "in", [...wanted]),
    )
    .returning("tag_id")
    .execute();
  for (const { tag_id } of found) wanted.delete(tag_id);
  for (const missing of wanted) throw new NotFound("tag", missing);
}
