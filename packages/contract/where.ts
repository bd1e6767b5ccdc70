/**
 * Where a request acts: project, environment and path, under each of the names that official clients use.
 *
 * Owns the rule of the several names: every route takes every name of a value, two names must agree, and a handler sees
 * one. A project may be named by id or by slug; the id wins.
 */
import { z } from "zod";
import { id, slug, unset } from "./fields.ts";
import { path } from "./paths.ts";
import type { ProjectRef } from "./route.ts";

/** A place with everything but the name of the thing. */
export interface Where {
  project: ProjectRef;
  environment: string;
  /** Canonical; "/" when none was given. */
  path: string;
}

/** What a client gives for a `Where`: one name of each value. */
export type WhereGiven = (
  | { projectSlug: string }
  | { projectId: string }
  | { workspaceId: string }
  | { workspaceSlug: string }
) &
  ({ environmentSlug: string } | { environment: string }) & { path?: string; secretPath?: string; directory?: string };

// An object of no fields would have the type "every field is never", also those of a place.
type Fields<S extends z.ZodRawShape> = keyof S extends never ? unknown : z.input<z.ZodObject<S>>;

const named = {
  projectId: unset(id),
  workspaceId: unset(id).meta({ description: "Another name of projectId." }),
  projectSlug: unset(slug),
  workspaceSlug: unset(slug).meta({ description: "Another name of projectSlug." }),
  environmentSlug: unset(slug),
  environment: unset(slug).meta({ description: "Another name of environmentSlug." }),
  path: unset(path),
  secretPath: unset(path).meta({ description: "Another name of path." }),
  directory: unset(path).meta({ description: "Another name of path." }),
};

// For readers of the JSON Schema; here the transformation below checks it, with the better message.
const required = {
  allOf: [
    { anyOf: ["projectId", "workspaceId", "projectSlug", "workspaceSlug"].map((name) => ({ required: [name] })) },
    { anyOf: ["environmentSlug", "environment"].map((name) => ({ required: [name] })) },
  ],
};

/** An object of the given fields plus those that name a place; the output has `project`, `environment` and `path`. */
export function inFolder<S extends z.ZodRawShape>(
  shape: S,
): z.ZodType<z.output<z.ZodObject<S>> & Where, Fields<S> & WhereGiven> {
  const schema = z
    .object({ ...shape, ...named })
    .meta(required)
    .transform((given, context) => {
      const { projectId, workspaceId, projectSlug, workspaceSlug, environmentSlug, environment, ...rest } =
        given as z.output<z.ZodObject<typeof named>>;
      const { path, secretPath, directory, ...own } = rest;
      const one = (names: Record<string, string | undefined>, required: boolean) => {
        const [first, ...others] = Object.entries(names).filter(([, value]) => value !== undefined);
        const name = first?.[0] ?? Object.keys(names)[0]!;
        if (required && !first) context.addIssue({ code: "custom", path: [name], message: "is required" });
        const other = others.find(([, value]) => value !== first![1]);
        if (other) context.addIssue({ code: "custom", path: [name], message: `must be the same as ${other[0]}` });
        return first?.[1];
      };
      const id = one({ projectId, workspaceId }, false);
      const slug = one({ projectSlug, workspaceSlug }, id === undefined);
      return {
        ...own,
        project: id === undefined ? { slug: slug ?? "" } : { id },
        environment: one({ environmentSlug, environment }, true) ?? "",
        path: one({ path, secretPath, directory }, false) ?? "/",
      };
    });
  return schema as z.ZodType as ReturnType<typeof inFolder<S>>;
}

/** The part of a handler's input that is a place, and nothing else of it. */
export function whereOf({ project, environment, path }: Where): Where {
  return { project, environment, path };
}

/** A project in the address of a route. */
export const inProject = z.object({ projectId: id });

/** The place of a route that names its project in its address, and nothing in it. */
export function projectOf({ params }: { params: { projectId: string } }): { project: { id: string } } {
  return { project: { id: params.projectId } };
}
