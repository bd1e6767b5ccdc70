/** Tags of a project, in both families of the wire. */
import { tags } from "@dayfly/store";
import type { Ask, Handlers, House } from "../handler.ts";

type ById = Pick<Ask, "project"> & { input: { params: { tagId: string } } };
type BySlug = Pick<Ask, "project"> & { input: { params: { tagSlug: string } } };
type Made = Pick<Ask, "project" | "write" | "note"> & {
  input: { body: { slug: string; name?: string | undefined; color: string } };
};
type Changed = ById &
  Pick<Ask, "write" | "note"> & {
    input: { body: { slug?: string | undefined; name?: string | undefined; color?: string | undefined } };
  };

async function list({ project, note }: Pick<Ask, "project" | "note">, { store }: House) {
  const found = await tags.list(store, project.id);
  note({ count: found.length });
  return found.map(shown);
}

const byId = async ({ input, project }: ById, { store }: House) =>
  shown(await tags.find(store, project.id, { id: input.params.tagId }));

const bySlug = async ({ input, project }: BySlug, { store }: House) =>
  shown(await tags.find(store, project.id, { slug: input.params.tagSlug }));

function create({ input, project, write, note }: Made) {
  const { slug, name = slug, color } = input.body;
  note({ name: slug });
  return write(async (tx) => shown(await tags.create(tx, project.id, { slug, name, color })));
}

function update({ input, project, write, note }: Changed) {
  note({ subjectId: input.params.tagId, fields: Object.keys(input.body) });
  return write(async (tx) => shown(await tags.update(tx, project.id, input.params.tagId, input.body)));
}

function remove({ input, project, write, note }: ById & Pick<Ask, "write" | "note">) {
  note({ subjectId: input.params.tagId });
  return write(async (tx) => shown(await tags.remove(tx, project.id, input.params.tagId)));
}

export const listTags: Handlers["listTags"] = async (ask, house) => ({ tags: await list(ask, house) });
export const createTag: Handlers["createTag"] = async (ask) => ({ tag: await create(ask) });
export const getTag: Handlers["getTag"] = async (ask, house) => ({ tag: await byId(ask, house) });
export const getTagBySlug: Handlers["getTagBySlug"] = async (ask, house) => ({ tag: await bySlug(ask, house) });
export const updateTag: Handlers["updateTag"] = async (ask) => ({ tag: await update(ask) });
export const deleteTag: Handlers["deleteTag"] = async (ask) => ({ tag: await remove(ask) });

export const listWorkspaceTags: Handlers["listWorkspaceTags"] = async (ask, house) => ({
  workspaceTags: await list(ask, house),
});
export const createWorkspaceTag: Handlers["createWorkspaceTag"] = async (ask) => ({ workspaceTag: await create(ask) });
export const getWorkspaceTag: Handlers["getWorkspaceTag"] = async (ask, house) => ({
  workspaceTag: await byId(ask, house),
});
export const getWorkspaceTagBySlug: Handlers["getWorkspaceTagBySlug"] = async (ask, house) => ({
  workspaceTag: await bySlug(ask, house),
});
export const updateWorkspaceTag: Handlers["updateWorkspaceTag"] = async (ask) => ({ workspaceTag: await update(ask) });
export const deleteWorkspaceTag: Handlers["deleteWorkspaceTag"] = async (ask) => ({ workspaceTag: await remove(ask) });

function shown({ id, slug, name, color, project_id, created_at, updated_at }: tags.Tag) {
  return { id, slug, name, color, projectId: project_id, createdAt: created_at, updatedAt: updated_at };
}
