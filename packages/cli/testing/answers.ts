/** What the stand-in answers: the wire's shapes over a few maps, with a clock that stands still. */
/** When everything happens. */
export const NOON = new Date("2026-01-31T12:00:00.000Z");

/** The person and the identity that the stand-in knows. */
export const person = { email: "one@dayfly.test", password: "a-persons-password" };
export const identity = { clientId: "machine-1", clientSecret: "machine-secret" };

/** One request, its query and body in one. */
export interface Ask {
  method: string;
  path: string;
  given: Record<string, unknown>;
}

/** What the stand-in refuses with. */
export class Refused extends Error {
  readonly status: number;
  readonly error: string;
  readonly details: unknown;
  constructor(status: number, error: string, message: string, details?: unknown) {
    super(message);
    this.status = status;
    this.error = error;
    this.details = details;
  }
}

const times = { createdAt: NOON.toISOString(), updatedAt: NOON.toISOString() };
const idOf = (count: number) => `00000000-0000-4000-8000-${String(count).padStart(12, "0")}`;

/** Makes an empty server; `conditions` is looked at on each request. */
export function world(conditions: Set<string>): (ask: Ask) => unknown {
  const folders = new Set(["/database", "/database/dynamic"]);
  const secrets = new Map<string, { path: string; name: string; value: string }>();
  const dynamic = new Map<string, Record<string, unknown>>();
  const leases = new Map<string, Record<string, unknown>>();
  const leftBehind = new Map<string, Record<string, unknown>>();
  let count = 0;

  const project = (slug: string, id: string) => ({
    ...times,
    id,
    _id: id,
    name: slug,
    slug,
    type: "secret-manager",
    description: null,
    orgId: "org-1",
    hasDeleteProtection: false,
    environments: [],
  });
  const secret = (path: string, name: string, value: string) => ({
    ...times,
    id: name,
    _id: name,
    workspace: "p",
    environment: "prod",
    version: 1,
    secretKey: name,
    secretValue: value,
    secretValueHidden: false,
    secretComment: "",
    secretPath: path,
    folderId: "f",
  });
  const folder = (path: string) => ({
    ...times,
    id: idOf(900 + [...folders].indexOf(path)),
    name: path.slice(path.lastIndexOf("/") + 1),
    envId: "e",
    parentId: null,
    version: 1,
    description: "",
    path,
  });
  const where = ({ given }: Ask) => {
    if (given.environmentSlug !== "prod") throw new Refused(404, "NotFound", "There is no such environment");
    return String(given.path ?? "/");
  };
  const makeFolder = (path: string) => {
    const parts = path.split("/").slice(1);
    for (let at = 1; at <= parts.length; at++) if (path !== "/") folders.add(`/${parts.slice(0, at).join("/")}`);
  };
  const known = <T>(found: T | undefined, what: string): T => {
    if (found === undefined) throw new Refused(404, "NotFound", `There is no ${what} here`);
    return found;
  };

  const leaveBehind = (lease: Record<string, unknown>) => {
    leftBehind.set(String(lease.id), lease);
    const { id: leaseId, externalEntityId } = lease;
    return { leaseId, externalEntityId, target: "db:5432", type: "sql-database", dynamicSecretName: "pg" };
  };
  const listed = ({ given }: Ask) => {
    if (given.state !== "left-behind") return { leases: [], nextCursor: null };
    const all = [...leftBehind.values()];
    const at = Number(given.cursor || 0);
    const page = all.slice(at, at + 2).map((lease) => ({
      ...lease,
      ...{ status: "Failed to delete", statusDetails: "nothing listens there", leftBehindAt: NOON.toISOString() },
      ...{ projectId: idOf(1), projectSlug: "my-project", environmentSlug: "prod", path: "/database/dynamic" },
      ...{ dynamicSecretName: "pg", type: "sql-database", target: "db:5432" },
      owner: { kind: "identity", id: idOf(7), name: "ci-runner" },
    }));
    return { leases: page, nextCursor: at + 2 < all.length ? String(at + 2) : null };
  };

  const routes: [method: string, path: RegExp, act: (ask: Ask, name: string) => unknown][] = [
    [
      "POST",
      /^\/api\/v1\/auth\/universal-auth\/login$/,
      ({ given }) => {
        const right = given.clientId === identity.clientId && given.clientSecret === identity.clientSecret;
        if (!right) throw new Refused(401, "UnauthorizedError", "Invalid credentials");
        return { accessToken: "good-token", expiresIn: 7200, accessTokenMaxTTL: 7200, tokenType: "Bearer" };
      },
    ],
    [
      "POST",
      /^\/api\/v3\/auth\/login$/,
      ({ given }) => {
        if (given.email !== person.email || given.password !== person.password)
          throw new Refused(401, "UnauthorizedError", "Invalid credentials");
        return { accessToken: "good-token", expiresIn: 7200 };
      },
    ],
    [
      "GET",
      /^\/api\/v1\/projects$/,
      () => {
        if (conditions.has("leases only")) throw new Refused(403, "PermissionDenied", "You may not list projects");
        const slugs = conditions.has("no projects")
          ? []
          : conditions.has("two projects")
            ? ["two", "one"]
            : ["my-project"];
        return { projects: slugs.map((slug, at) => project(slug, idOf(at + 1))) };
      },
    ],
    [
      "GET",
      /^\/api\/v1\/folders$/,
      (ask) => {
        const prefix = where(ask).replace(/\/$/, "");
        const below = [...folders].filter((path) => path.slice(0, path.lastIndexOf("/")) === prefix);
        return { folders: below.map(folder) };
      },
    ],
    [
      "POST",
      /^\/api\/v1\/folders$/,
      (ask) => {
        const path = `${where(ask).replace(/\/$/, "")}/${ask.given.name}`;
        makeFolder(path);
        return { folder: folder(path) };
      },
    ],
    [
      "DELETE",
      /^\/api\/v1\/folders\/([^/]+)$/,
      (ask, name) => {
        const path = `${where(ask).replace(/\/$/, "")}/${name}`;
        const removed = folder(known(folders.has(path) ? path : undefined, `folder ${name}`));
        folders.delete(path);
        return { folder: removed };
      },
    ],
    [
      "GET",
      /^\/api\/v4\/secrets$/,
      (ask) => {
        if (conditions.has("leases only")) throw new Refused(403, "PermissionDenied", "You may not read secrets here");
        const path = where(ask);
        const here = [...secrets.values()].filter((one) => one.path === path);
        return { secrets: here.map(({ name, value }) => secret(path, name, value)) };
      },
    ],
    [
      "POST",
      /^\/api\/v3\/secrets\/raw\/([^/]+)$/,
      (ask, name) => {
        const path = where(ask);
        const value = String(ask.given.secretValue);
        if (name === "REFUSED") throw new Refused(422, "ValidationFailure", `secretValue: "${value}" is refused`);
        makeFolder(path);
        secrets.set(`${path}:${name}`, { path, name, value });
        return { secret: secret(path, name, value) };
      },
    ],
    [
      "PATCH",
      /^\/api\/v3\/secrets\/raw\/([^/]+)$/,
      (ask, name) => {
        const one = known(secrets.get(`${where(ask)}:${name}`), `secret ${name}`);
        one.value = String(ask.given.secretValue);
        return { secret: secret(one.path, name, one.value) };
      },
    ],
    [
      "DELETE",
      /^\/api\/v3\/secrets\/raw\/([^/]+)$/,
      (ask, name) => {
        const one = known(secrets.get(`${where(ask)}:${name}`), `secret ${name}`);
        secrets.delete(`${one.path}:${name}`);
        return { secret: secret(one.path, name, one.value) };
      },
    ],
    [
      "POST",
      /^\/api\/v1\/dynamic-secrets$/,
      (ask) => {
        const { name, provider, defaultTTL, maxTTL = null } = ask.given as Record<string, string>;
        if (conditions.has("target refuses")) {
          const fix = 'ALTER ROLE "admin" CREATEROLE;';
          throw new Refused(400, "BadRequest", "The admin may not create roles", { fix, steps: [] });
        }
        const made = {
          ...times,
          id: idOf(500 + dynamic.size),
          name,
          version: 1,
          type: (provider as unknown as { type: string }).type,
          defaultTTL,
          maxTTL,
          folderId: "f",
          status: null,
          statusDetails: null,
          usernameTemplate: null,
          path: where(ask),
        };
        dynamic.set(name!, made);
        return { dynamicSecret: made };
      },
    ],
    [
      "GET",
      /^\/api\/v1\/dynamic-secrets$/,
      (ask) => ({ dynamicSecrets: [...dynamic.values()].filter(({ path }) => path === where(ask)) }),
    ],
    [
      "PATCH",
      /^\/api\/v1\/dynamic-secrets\/([^/]+)$/,
      (ask, name) => {
        const one = known(dynamic.get(name), `dynamic secret ${name}`);
        return { dynamicSecret: Object.assign(one, ask.given.data) };
      },
    ],
    [
      "DELETE",
      /^\/api\/v1\/dynamic-secrets\/([^/]+)$/,
      ({ given }, name) => {
        const one = known(dynamic.get(name), `dynamic secret ${name}`);
        dynamic.delete(name);
        const live = [...leases.values()].filter(({ dynamicSecretId }) => dynamicSecretId === one.id);
        const left = given.isForced && conditions.has("target down") ? live.map(leaveBehind) : [];
        const status = live.length > left.length ? "Revocation in process" : null;
        return { dynamicSecret: { ...one, status }, leftBehind: left.slice(0, 2), leftBehindCount: left.length };
      },
    ],
    [
      "GET",
      /^\/api\/v1\/dynamic-secrets\/([^/]+)\/leases$/,
      (_, name) => {
        const { id } = known(dynamic.get(name), `dynamic secret ${name}`);
        return { leases: [...leases.values()].filter(({ dynamicSecretId }) => dynamicSecretId === id) };
      },
    ],
    [
      "POST",
      /^\/api\/v1\/dynamic-secrets\/leases$/,
      ({ given }) => {
        const one = known(dynamic.get(String(given.dynamicSecretName)), `dynamic secret ${given.dynamicSecretName}`);
        const hours = given.ttl === "1h" ? 1 : 2;
        count += 1;
        const lease = {
          ...times,
          id: idOf(count),
          version: 1,
          externalEntityId: `user-${count}`,
          expireAt: new Date(NOON.getTime() + hours * 3_600_000).toISOString(),
          status: null,
          statusDetails: null,
          dynamicSecretId: one.id,
          config: null,
        };
        leases.set(lease.id, lease);
        const waited = given.wait === "login" ? { ready: !conditions.has("lagging"), readyAfterMs: 4_200 } : {};
        return {
          ...waited,
          lease,
          dynamicSecret: one,
          data: { DB_USERNAME: `user-${count}`, DB_PASSWORD: `pass-word-${count}` },
        };
      },
    ],
    [
      "GET",
      /^\/api\/v1\/dynamic-secrets\/leases\/([^/]+)$/,
      (_, id) => {
        const lease = known(leases.get(id), "lease of this id");
        const dynamicSecret = [...dynamic.values()].find((one) => one.id === lease.dynamicSecretId);
        return { lease: { ...lease, dynamicSecret } };
      },
    ],
    [
      "POST",
      /^\/api\/v1\/dynamic-secrets\/leases\/([^/]+)\/renew$/,
      ({ given }, id) => {
        const lease = known(leases.get(id), "lease of this id");
        const added = /^(\d+)s$/.exec(String(given.ttl))?.[1] ?? (given.ttl === "30m" ? 1800 : 3600);
        const expireAt = new Date(Date.parse(String(lease.expireAt)) + Number(added) * 1000);
        return { lease: Object.assign(lease, { expireAt: expireAt.toISOString() }) };
      },
    ],
    ["GET", /^\/api\/v1\/projects\/[^/]+\/leases$/, listed],
    ["GET", /^\/api\/v1\/organization\/leases$/, listed],
    [
      "DELETE",
      /^\/api\/v1\/dynamic-secrets\/leases\/([^/]+)$/,
      ({ given }, id) => {
        const lease = known(leases.get(id), "lease of this id");
        if (conditions.has("target down")) {
          const details = { leaseId: id, ...(given.isForced ? { leftBehind: leaveBehind(lease) } : {}) };
          throw new Refused(503, "RevocationPending", `the revocation of lease ${id} is recorded and goes on`, details);
        }
        leases.delete(id);
        return { lease };
      },
    ],
  ];

  return (ask) => {
    for (const [method, path, act] of routes) {
      const match = ask.method === method && path.exec(ask.path);
      if (match) return act(ask, decodeURIComponent(match[1] ?? ""));
    }
    throw new Refused(404, "NotFound", `There is no route ${ask.method} ${ask.path}`);
  };
}
