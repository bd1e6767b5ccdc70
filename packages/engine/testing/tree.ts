/** Projects of a test's own, each with a dynamic secret in `/app/db`, and what is left of them. */
import { randomUUID } from "node:crypto";
import { environments, folders, memberships, projects, type Tx } from "@dayfly/store";
import type { Engine, IssuedLease, ListedLeaseView, Place, Removal, Tree } from "../api.ts";
import { plainly, type Rig } from "./engine.ts";
import { openRelay, type Relay } from "./relay.ts";

/** Where a test acts. */
export interface Scene extends Place {
  environmentId: string;
  /** Of `/app`. */
  folderId: string;
  /** The name of the dynamic secret in `/app/db`. */
  name: string;
}

/** What may be deleted with all that is in it. */
export const levels: Record<string, (at: Scene) => Tree> = {
  project: (at) => ({ project: at.projectId }),
  environment: (at) => ({ environment: at.environmentId }),
  folder: (at) => ({ folder: at.folderId }),
};

/** Questions and acts of one rig. */
export interface Trees {
  /** Over the port of a relay, if its target is to be away at times. */
  scene(inputs?: Record<string, unknown>): Promise<Scene>;
  relay(): Promise<Relay>;
  issue(at: Scene, by?: Engine): Promise<IssuedLease>;
  remove(what: Tree, isForced?: boolean): Promise<Removal>;
  count(sql: string, ...given: unknown[]): Promise<number>;
  /** Leases that are not proven gone. */
  live(at: Scene): Promise<number>;
  /** What a deletion has hidden and not yet removed. */
  hidden(at: Scene): Promise<number>;
  leftBehind(at: Scene): Promise<ListedLeaseView[]>;
  stop(): Promise<void>;
}

/** Over a rig and the engine that acts unless another is named. */
export function trees(all: Rig, engine: Engine): Trees {
  const relays: Relay[] = [];
  async function count(sql: string, ...given: unknown[]): Promise<number> {
    const { rows } = await all.store.pool.query(`select count(*)::int as n from ${sql}`, given);
    return rows[0].n;
  }
  async function place(tx: Tx): Promise<Omit<Scene, "name">> {
    const slug = `p-${randomUUID().slice(0, 8)}`;
    const { rows } = await all.store.pool.query("select id from organizations");
    const draft = { organizationId: rows[0].id, name: slug, slug, description: null, hasDeleteProtection: false };
    const { id: projectId } = await projects.create(tx, draft);
    await memberships.create(tx, projectId, { type: "identity", id: all.caller().actor.id! }, [{ role: "admin" }]);
    const { id: environmentId } = await environments.create(tx, projectId, { name: "Production", slug: "prod" });
    const folder = await folders.ensure(tx, { projectId, environmentId }, "/app");
    return { projectId, environmentId, folderId: folder.id, environment: "prod", path: "/app/db" };
  }
  return {
    async scene(inputs = {}) {
      const at = await all.store.transaction(place);
      const { name } = await engine.create(all.caller(), at, all.draft({}, inputs), plainly);
      return { ...at, name };
    },
    async relay() {
      const relay = await openRelay({ host: all.host, port: all.port });
      relays.push(relay);
      return relay;
    },
    issue: (at, by = engine) =>
      by.issue(all.caller(), at, at.name, { ttlSeconds: null, config: {}, arrivedAt: performance.now() }),
    remove: (what, isForced = false) => engine.removeTree(all.caller(), what, { isForced, record: async () => {} }),
    count,
    live: (at) => count("leases where project_id = $1 and state <> 'gone'", at.projectId),
    hidden: async (at) =>
      (await count("folders where project_id = $1 and deleting", at.projectId)) +
      (await count("environments where project_id = $1 and deleting", at.projectId)) +
      (await count("projects where id = $1 and deleting", at.projectId)),
    leftBehind: (at) => engine.leasePage({ projectId: at.projectId, state: "left-behind" }, { limit: 100 }),
    async stop() {
      await all.stop();
      for (const relay of relays) await relay.close();
    },
  };
}
