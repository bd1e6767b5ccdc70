import { type ReplyOf, type RequestOf, routes } from "@dayfly/contract";
import type { Call } from "./wire.ts";

/** A project as the server tells it. */
export type Project = ReplyOf<typeof routes.getProjectBySlug>;

/** Projects. */
export function projectsGroup(call: Call) {
  return {
    list: async () => (await call(routes.listProjects, {})).projects,
    get: async (projectId: string) => (await call(routes.getProject, { params: { projectId } })).workspace,
    getBySlug: (slug: string) => call(routes.getProjectBySlug, { params: { slug } }),
    create: async (body: RequestOf<typeof routes.createProject>["body"]) =>
      (await call(routes.createProject, { body })).project,
    /** Deletes a project with all that is in it; by force, with what is left behind. */
    delete: (slug: string, body: RequestOf<typeof routes.deleteProject>["body"] = {}) =>
      call(routes.deleteProject, { params: { slug }, body }),
  };
}

/** Environments of a project. */
export function environmentsGroup(call: Call) {
  return {
    create: async (projectId: string, body: RequestOf<typeof routes.createEnvironment>["body"]) =>
      (await call(routes.createEnvironment, { params: { projectId }, body })).environment,
    get: async (environmentId: string) =>
      (await call(routes.getEnvironment, { params: { environmentId } })).environment,
    update: async (
      projectId: string,
      environmentId: string,
      body: NonNullable<RequestOf<typeof routes.updateEnvironment>["body"]>,
    ) => (await call(routes.updateEnvironment, { params: { projectId, environmentId }, body })).environment,
    /** Deletes an environment with all that is in it; by force, with what is left behind. */
    delete: async (
      projectId: string,
      environmentId: string,
      body: RequestOf<typeof routes.deleteEnvironment>["body"] = {},
    ) => {
      const { environment, ...left } = await call(routes.deleteEnvironment, {
        params: { projectId, environmentId },
        body,
      });
      return { ...environment, ...left };
    },
  };
}
