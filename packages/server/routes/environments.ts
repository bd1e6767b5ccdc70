/** Environments of a project. */
import { environments } from "@dayfly/store";
import type { Handlers } from "../handler.ts";
import { Refusal } from "../refusal.ts";
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

export const updateEnvironment: Handlers["updateEnvironment"] = async (ask) => {
  const { environmentId } = ask.input.params;
  const { name, slug, position } = ask.input.body;
  ask.note({ subjectId: environmentId });
  return ask.write(async (tx) => {
    const before = await environments.byId(tx, ask.project.id, environmentId);
    if (slug !== undefined && slug !== before.slug && ask.isBoundBy("environment")) {
      // Under another name, what is forbidden there would not be.
      throw new Refusal("PermissionDenied", "Your rights depend on the slugs of environments: you cannot change one");
    }
    const change = { name, slug, position: position ?? undefined };
    return { environment: shown(await environments.update(tx, ask.project.id, environmentId, change)) };
  });
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
