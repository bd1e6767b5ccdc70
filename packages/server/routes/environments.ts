/** Environments of a project. */
import { environments } from "@dayfly/store";
import type { Handlers } from "../handler.ts";
import { orderOf } from "../removal.ts";
import { addEnvironment } from "./projects.ts";

export const createEnvironment: Handlers["createEnvironment"] = async ({ input, project, write, note }) => {
  const { name, slug, position } = input.body;
  note({ environment: slug });
  const made = await write((tx) => addEnvironment(tx, project.id, { name, slug, position: position ?? undefined }));
  return { message: "Successfully created environment", workspace: project.id, environment: shown(made) };
};

export const getEnvironment: Handlers["getEnvironment"] = async ({ input, project }, { store }) => ({
  environment: shown(await environments.byId(store, project.id, input.params.environmentId)),
});

export const getEnvironmentBySlug: Handlers["getEnvironmentBySlug"] = async ({ input, project }, { store }) =>
  shown(await environments.bySlug(store, project.id, input.params.slug));

export const updateEnvironment: Handlers["updateEnvironment"] = async ({ input, project, write, note }) => {
  const { name, slug, position } = input.body;
  note({ subjectId: input.params.environmentId });
  const change = { name, slug, position: position ?? undefined };
  return {
    environment: shown(await write((tx) => environments.update(tx, project.id, input.params.environmentId, change))),
  };
};

export const deleteEnvironment: Handlers["deleteEnvironment"] = async (ask, { store, engine }) => {
  const { environmentId } = ask.input.params;
  ask.note({ subjectId: environmentId });
  const found = await environments.byId(store, ask.project.id, environmentId);
  ask.note({ environment: found.slug });
  const { status, statusDetails, ...left } = await engine.removeTree(
    ask.caller,
    { environment: environmentId },
    orderOf(ask, ask.input.body.isForced),
  );
  return { environment: { ...shown(found), status, statusDetails }, ...left };
};

function shown({ id, name, slug, position, project_id, created_at, updated_at }: environments.Environment) {
  return { id, name, slug, position, projectId: project_id, createdAt: created_at, updatedAt: updated_at };
}
