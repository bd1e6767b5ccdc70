/** Projects, their environments and their tags. */
import type { Entries, Entry } from "./entry.ts";
import { type Ground, type Lab, newName, type Thing } from "./lab.ts";

const environments = ({ projectId }: Ground) => `/api/v1/workspace/${projectId}/environments`;
const tags = ({ projectId }: Ground, version: "projects" | "workspace" = "projects") =>
  `/api/v1/${version}/${projectId}/tags`;

async function environment({ done }: Lab, ground: Ground): Promise<Thing> {
  const name = newName();
  const made = await done("POST", environments(ground), { name: ground.mark, slug: name });
  return { id: made.environment.id, name };
}

async function tag({ done }: Lab, ground: Ground): Promise<Thing> {
  const name = newName();
  return { id: (await done("POST", tags(ground), { slug: name, color: "" })).tag.id, name };
}

const prod = async (_lab: Lab, ground: Ground): Promise<Thing> => ({ id: ground.environmentId, name: "prod" });

function forTags(
  version: "projects" | "workspace",
): Record<"create" | "list" | "get" | "bySlug" | "edit" | "end", Entry> {
  return {
    create: { ask: (at, { name }) => ({ path: tags(at, version), body: { slug: name, color: "" } }) },
    list: { ask: (at) => ({ path: tags(at, version) }) },
    get: { make: tag, ask: (at, { id }) => ({ path: `${tags(at, version)}/${id}` }) },
    bySlug: { make: tag, ask: (at, { name }) => ({ path: `${tags(at, version)}/slug/${name}` }) },
    edit: { make: tag, ask: (at, { id }) => ({ path: `${tags(at, version)}/${id}`, body: { color: "#fff" } }) },
    end: { make: tag, spends: true, ask: (at, { id }) => ({ path: `${tags(at, version)}/${id}` }) },
  };
}
const tagsV1 = forTags("projects");
const workspaceTags = forTags("workspace");

export const ofProjects = {
  createProject: { ask: (_at, { name }) => ({ path: "/api/v2/workspace", body: { projectName: name, slug: name } }) },
  getProject: { ask: ({ projectId }) => ({ path: `/api/v1/workspace/${projectId}` }) },
  getProjectBySlug: { ask: ({ slug }) => ({ path: `/api/v2/workspace/${slug}` }) },
  getProjectBySlugV1: { ask: ({ slug }) => ({ path: `/api/v1/projects/slug/${slug}` }) },
  listProjects: { ask: () => ({ path: "/api/v1/projects" }) },
  listWorkspaces: { ask: () => ({ path: "/api/v1/workspace" }) },
  updateProject: {
    ask: ({ projectId }) => ({ path: `/api/v1/projects/${projectId}`, body: { description: "changed" } }),
  },
  updateAuditLogsRetention: {
    ask: ({ slug }) => ({
      path: `/api/v1/workspace/${slug}/audit-logs-retention`,
      body: { auditLogsRetentionDays: 90 },
    }),
  },
  deleteProject: {
    endsProject: true,
    ask: ({ slug }) => ({ path: `/api/v2/workspace/${slug}` }),
  },
  createEnvironment: { ask: (at, { name }) => ({ path: environments(at), body: { name, slug: name } }) },
  getEnvironment: { make: prod, ask: (_at, { id }) => ({ path: `/api/v1/workspace/environments/${id}` }) },
  getEnvironmentBySlug: {
    make: prod,
    ask: ({ projectId }, { name }) => ({ path: `/api/v1/projects/${projectId}/environments/slug/${name}` }),
  },
  updateEnvironment: {
    make: environment,
    ask: (at, { id }) => ({ path: `${environments(at)}/${id}`, body: { name: "changed" } }),
  },
  deleteEnvironment: { make: environment, spends: true, ask: (at, { id }) => ({ path: `${environments(at)}/${id}` }) },
  createTag: tagsV1.create,
  listTags: tagsV1.list,
  getTag: tagsV1.get,
  getTagBySlug: tagsV1.bySlug,
  updateTag: tagsV1.edit,
  deleteTag: tagsV1.end,
  createWorkspaceTag: workspaceTags.create,
  listWorkspaceTags: workspaceTags.list,
  getWorkspaceTag: workspaceTags.get,
  getWorkspaceTagBySlug: workspaceTags.bySlug,
  updateWorkspaceTag: workspaceTags.edit,
  deleteWorkspaceTag: workspaceTags.end,
} as const satisfies Entries;
