/** Where a command works: project, environment and path. */
import { type Dayfly, PermissionError } from "@dayfly/sdk";
import { usage } from "./exit.ts";
import type { Settings } from "./settings.ts";

/** How a command names its project to the server. */
export type ProjectName = { projectId: string } | { projectSlug: string };

/** The folder a command works in. */
export type Where = ProjectName & { environmentSlug: string; path: string };

/** The project that was named, else the only one that the identity sees. */
export async function findProject(
  settings: Settings,
  client: () => Dayfly,
  note: (text: string) => void,
): Promise<ProjectName> {
  const { projectId, projectSlug } = settings;
  if (projectId.value !== undefined) return { projectId: projectId.value };
  if (projectSlug.value !== undefined) return { projectSlug: projectSlug.value };
  const hint = "Give --project-id or --project-slug, or set INFISICAL_PROJECT_ID";
  const visible = await client()
    .projects.list()
    .catch((error: unknown) => {
      if (error instanceof PermissionError)
        throw usage("No project is named, and this identity may not list them", hint);
      throw error;
    });
  const [only] = visible;
  if (!only) throw usage("No project is named, and this identity sees none", hint);
  if (visible.length > 1) {
    const slugs = visible.map(({ slug }) => slug).sort();
    throw usage(`No project is named, and this identity sees ${visible.length}: ${slugs.join(", ")}`, hint);
  }
  note(`using project ${only.slug}, the only one this identity sees`);
  return { projectId: only.id };
}

/** The flags that bring another command to the same place. */
export function placeFlags({ environment, path, projectId, projectSlug }: Settings): string {
  const flags = ["-e", environment.value, "-p", path.value];
  if (projectId.from === "--project-id") flags.push("--project-id", projectId.value);
  else if (projectSlug.from === "--project-slug") flags.push("--project-slug", projectSlug.value);
  return flags.join(" ");
}
