/** Projects, and what each starts with: an admin, the default environments and their root folders. */
import { randomBytes } from "node:crypto";
import { environments, folders, memberships, organizations, projects, type Tx } from "@dayfly/store";
import { memberOf } from "../access/place.ts";
import type { Ask, Handlers, House } from "../handler.ts";
import { Refusal } from "../refusal.ts";
import { orderOf } from "../removal.ts";

const defaults = [
  { name: "Development", slug: "dev" },
  { name: "Staging", slug: "staging" },
  { name: "Production", slug: "prod" },
];

export const createProject: Handlers["createProject"] = async (ask) => {
  const { body } = ask.input;
  return ask.write(async (tx) => {
    const organization = await organizations.only(tx);
    const project = await projects.create(tx, {
      organizationId: organization!.id,
      name: body.projectName,
      slug: body.slug ?? slugFor(body.projectName),
      description: body.projectDescription,
      hasDeleteProtection: body.hasDeleteProtection,
    });
    const maker = memberOf(ask.caller.actor);
    if (maker !== undefined) await memberships.create(tx, project.id, maker, [{ role: "admin" }]);
    const made = [];
    for (const environment of body.shouldCreateDefaultEnvs ? defaults : []) {
      made.push(await addEnvironment(tx, project.id, environment));
    }
    ask.note({ projectId: project.id, name: project.slug });
    return { project: shown(project, made) };
  });
};

/** Makes an environment with its root folder. */
export async function addEnvironment(
  tx: Tx,
  projectId: string,
  environment: { name: string; slug: string; position?: number },
): Promise<environments.Environment> {
  const made = await environments.create(tx, projectId, environment);
  await folders.ensure(tx, { projectId, environmentId: made.id }, "/");
  return made;
}

export const getProject: Handlers["getProject"] = async ({ project }, { store }) => ({
  workspace: shown(project, await environments.list(store, [project.id])),
});

export const getProjectBySlug: Handlers["getProjectBySlug"] = async ({ project }, { store }) =>
  shown(project, await environments.list(store, [project.id]));

export const getProjectBySlugV1: Handlers["getProjectBySlugV1"] = getProjectBySlug;

export const updateProject: Handlers["updateProject"] = async ({ input, project, write, note }) => {
  const { name, slug, description, hasDeleteProtection } = input.body;
  note({ fields: Object.keys(input.body) });
  return write(async (tx) => {
    const change = { name, slug, description, has_delete_protection: hasDeleteProtection ?? undefined };
    const changed = await projects.update(tx, project.id, change);
    return { project: shown(changed, await environments.list(tx, [project.id])) };
  });
};

export const updateAuditLogsRetention: Handlers["updateAuditLogsRetention"] = async ({ input, project, write }) =>
  write(async (tx) => {
    const { auditLogsRetentionDays } = input.body;
    const changed = await projects.update(tx, project.id, { audit_logs_retention_days: auditLogsRetentionDays });
    return {
      message: "Successfully updated project's audit logs retention period",
      workspace: shown(changed, await environments.list(tx, [project.id])),
    };
  });

export const listProjects: Handlers["listProjects"] = async (ask, house) => ({ projects: await visible(ask, house) });

export const listWorkspaces: Handlers["listWorkspaces"] = async (ask, house) => ({
  workspaces: await visible(ask, house),
});

export const deleteProject: Handlers["deleteProject"] = async (ask, { store, engine }) => {
  const { project } = ask;
  if (project.has_delete_protection) {
    throw new Refusal("BadRequest", "This project is protected from deletion: turn hasDeleteProtection off first");
  }
  const held = await environments.list(store, [project.id]);
  const order = orderOf(ask, ask.input.body.isForced);
  return { ...shown(project, held), ...(await engine.removeTree(ask.caller, { project: project.id }, order)) };
};

async function visible(ask: Pick<Ask, "caller" | "orgRole" | "note">, { store }: House) {
  const member = memberOf(ask.caller.actor);
  const own = member === undefined ? [] : await memberships.ofActor(store, member);
  const rows = await projects.list(store, ask.orgRole === "admin" ? "all" : own.map((row) => row.project_id));
  const held = await environments.list(
    store,
    rows.map((row) => row.id),
  );
  ask.note({ count: rows.length });
  return rows.map((row) =>
    shown(
      row,
      held.filter((environment) => environment.project_id === row.id),
    ),
  );
}

function shown(project: projects.Project, held: environments.Environment[]) {
  return {
    id: project.id,
    _id: project.id,
    name: project.name,
    slug: project.slug,
    type: project.type,
    description: project.description,
    orgId: project.organization_id,
    hasDeleteProtection: project.has_delete_protection,
    auditLogsRetentionDays: project.audit_logs_retention_days,
    createdAt: project.created_at,
    updatedAt: project.updated_at,
    environments: held.map(({ id, name, slug }) => ({ id, name, slug })),
  };
}

/** A slug where none was given: readable, and free with near certainty. */
function slugFor(name: string): string {
  const readable = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 48);
  return `${readable || "project"}-${randomBytes(3).toString("hex")}`;
}
