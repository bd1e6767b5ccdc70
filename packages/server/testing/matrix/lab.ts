/** Two projects of the same shape on a real server and a real target, and ways to make things in them. */
import { randomBytes } from "node:crypto";
import pg from "pg";
import { postgres18 } from "../../../../scripts/servers/postgres.ts";
import { providerOf } from "../callers.ts";
import { type TestServer, testServer } from "../server.ts";

/** A project as requests name it, and where in it everything lies. */
export interface Ground {
  projectId: string;
  slug: string;
  environmentId: string;
  path: string;
  loc: { projectSlug: string; environmentSlug: string; path: string };
  /** The same for a query. */
  query: string;
  /** Is in what lies here, and in no request. */
  mark: string;
}

/** Something that a request is about. */
export interface Thing {
  id: string;
  name: string;
}

/** What entries make their things with. */
export interface Lab {
  server: TestServer;
  /** As a dynamic secret has it. */
  provider: ReturnType<typeof providerOf>;
  /** Of the admin of the organization, who made both projects. */
  admin: string;
  /** Where the callers are members, and where none of them is. */
  shop: Ground;
  elsewhere: Ground;
  /** The stored admin credential of every dynamic secret. */
  canary: string;
  /** Does it, or throws; the answer's body. */
  // biome-ignore lint/suspicious/noExplicitAny: makers look into whatever came back
  done(method: string, path: string, body?: unknown, token?: string): Promise<any>;
  stop(): Promise<void>;
}

/** A name that nothing has yet. */
export function newName(): string {
  return `new-${randomBytes(5).toString("hex")}`;
}

/** An id that nothing has. */
export function newThing(): Thing {
  return { id: crypto.randomUUID(), name: newName() };
}

/** The same project, in another folder. */
export function aside(ground: Ground): Ground {
  return placed(ground, "/other");
}

/** A project that is not there. */
export function nowhere(): Ground {
  const slug = newName();
  return placed({ projectId: crypto.randomUUID(), slug, environmentId: crypto.randomUUID(), mark: slug }, "/database");
}

function placed(ground: Pick<Ground, "projectId" | "slug" | "environmentId" | "mark">, path: string): Ground {
  const loc = { projectSlug: ground.slug, environmentSlug: "prod", path };
  return { ...ground, path, loc, query: new URLSearchParams(loc).toString() };
}

/** Starts it all. */
export async function openLab(env: Record<string, string> = {}): Promise<Lab> {
  const [server, postgres] = await Promise.all([testServer(env), postgres18()]);
  // With characters that look different in each form.
  const canary = `canary/${randomBytes(12).toString("hex")}+"é?`;
  await addAdmin(postgres, canary);
  const { host, port, database } = postgres;
  const provider = providerOf({ host, port, database, username: "root_of_target", password: canary });
  const done: Lab["done"] = async (method, path, body, token = server.admin) => {
    const heard = await server.call(method, path, { token, body });
    if (heard.status !== 200) throw new Error(`${method} ${path}: ${JSON.stringify(heard.body)}`);
    return heard.body;
  };
  const lab = { server, provider, canary, admin: server.admin, done };
  const stop = async () => {
    await Promise.all([server.stop(), postgres.stop()]);
  };
  try {
    return { ...lab, shop: await newGround(lab), elsewhere: await newGround(lab), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Makes a project with a dynamic secret `postgres` in it, and another folder beside. */
export async function newGround({ done, provider }: Pick<Lab, "done" | "provider">): Promise<Ground> {
  const slug = newName();
  const mark = `mark-${randomBytes(8).toString("hex")}`;
  const { project } = await done("POST", "/api/v2/workspace", { projectName: mark, slug });
  const prod = project.environments.find((environment: { slug: string }) => environment.slug === "prod");
  const ground = placed({ projectId: project.id, slug, environmentId: prod.id, mark }, "/database");
  await done("POST", "/api/v1/dynamic-secrets", {
    ...ground.loc,
    name: "postgres",
    provider,
    defaultTTL: "1h",
    maxTTL: "12h",
    metadata: [{ key: "mark", value: mark }],
  });
  await done("POST", "/api/v1/folders", { ...ground.loc, path: "/", name: "other" });
  return ground;
}

async function addAdmin(postgres: Awaited<ReturnType<typeof postgres18>>, password: string): Promise<void> {
  const client = new pg.Client(postgres);
  await client.connect();
  await client.query(`create role root_of_target superuser login password ${client.escapeLiteral(password)}`);
  await client.end();
}
