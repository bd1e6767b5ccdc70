/** Roles of a project. Whoever makes or changes one can put into it no more than they hold. */
import { type projects, type RoleRule, roles } from "@dayfly/store";
import { builtIn, isBuiltIn } from "../access/roles.ts";
import type { Handlers } from "../handler.ts";

export const createRole: Handlers["createRole"] = async (ask) => {
  const { permissions, ...draft } = ask.input.body;
  ask.note({ name: draft.slug });
  ask.refuseExcess(permissions);
  return ask.write(async (tx) => {
    const made = await roles.create(tx, ask.project.id, { ...draft, permissions: permissions as RoleRule[] });
    ask.note({ subjectId: made.id });
    return { role: shown(made) };
  });
};

export const listRoles: Handlers["listRoles"] = async ({ project, note }, { store }) => {
  const own = await roles.list(store, project.id);
  const all = [...Object.keys(builtIn).map((slug) => shownBuiltIn(slug, project)), ...own.map(shown)];
  note({ count: all.length });
  return { roles: all };
};

export const getRole: Handlers["getRole"] = async ({ input, project }, { store }) => ({
  role: shown(await roles.find(store, project.id, { id: input.params.roleId })),
});

export const getRoleBySlug: Handlers["getRoleBySlug"] = async ({ input, project }, { store }) => {
  const { roleSlug } = input.params;
  return {
    role: isBuiltIn(roleSlug)
      ? shownBuiltIn(roleSlug, project)
      : shown(await roles.find(store, project.id, { slug: roleSlug })),
  };
};

export const updateRole: Handlers["updateRole"] = async (ask) => {
  const { permissions, ...change } = ask.input.body;
  ask.note({ subjectId: ask.input.params.roleId, fields: Object.keys(ask.input.body) });
  if (permissions !== undefined) ask.refuseExcess(permissions);
  return ask.write(async (tx) => ({
    role: shown(
      await roles.update(tx, ask.project.id, ask.input.params.roleId, {
        ...change,
        permissions: permissions as RoleRule[] | undefined,
      }),
    ),
  }));
};

export const deleteRole: Handlers["deleteRole"] = async ({ input, project, write, note }) => {
  note({ subjectId: input.params.roleId });
  return write(async (tx) => ({ role: shown(await roles.remove(tx, project.id, input.params.roleId)) }));
};

function shown({ id, name, slug, description, project_id, permissions, created_at, updated_at }: roles.Role) {
  return {
    ...{ id, name, slug, description, permissions, projectId: project_id },
    ...{ createdAt: created_at, updatedAt: updated_at },
  };
}

function shownBuiltIn(slug: string, project: projects.Project) {
  const { name, description, rules } = builtIn[slug]!;
  const { id: projectId, created_at } = project;
  return {
    ...{ id: slug, name, slug, description, permissions: rules as RoleRule[], projectId },
    ...{ createdAt: created_at, updatedAt: created_at },
  };
}
