/**
 * The shape of a route: the one declaration from which validation, handler types, the client and OpenAPI follow.
 *
 * Owns what a route must say about itself. Permission and audit event are demanded by the type, and a project's route
 * must also say which place in the project it touches, so no handler can forget either. It knows no handler, no server
 * and no role: who holds which right is decided elsewhere.
 */
import { z } from "zod";

/** What a right in a project is about. */
export type ProjectSubject =
  | "secrets"
  | "secret-imports"
  | "secret-folders"
  | "environments"
  | "tags"
  | "member"
  | "identity"
  | "role"
  | "settings"
  | "workspace"
  | "audit-logs";

/** What a right in the organization is about. */
export type OrganizationSubject = "workspace" | "identity" | "member" | "settings" | "audit-logs";

/** What can be done with most subjects. */
export type Action = "read" | "create" | "edit" | "delete";

/** What can be done with a dynamic secret: its root credential and its leases are rights apart. `lease` is all four of the latter. */
export type DynamicSecretAction =
  | "read-root-credential"
  | "create-root-credential"
  | "edit-root-credential"
  | "delete-root-credential"
  | "lease"
  | "lease-create"
  | "lease-read"
  | "lease-renew"
  | "lease-revoke";

/** One action, or several of which any one opens the door; the answer is then cut down to what the caller may see. */
export type AnyOf<A> = A | readonly [A, ...A[]];

/** Nobody has to say who they are. */
export interface Open {
  open: true;
}

/** A right in the organization. */
export interface InOrganization {
  scope: "organization";
  subject: OrganizationSubject;
  action: AnyOf<Action>;
}

/** A right in the project that `place` names. */
export type InProject =
  | { scope: "project"; subject: ProjectSubject; action: AnyOf<Action> }
  | { scope: "project"; subject: "dynamic-secrets"; action: AnyOf<DynamicSecretAction> };

/** Whoever is signed in; the answer holds the caller's own things only. */
export interface OwnThings {
  scope: "own";
}

/** Who may call a route. */
export type Permission = Open | OwnThings | InOrganization | InProject;

/** How a request names its project: outright, or by the id of something inside it. */
export type ProjectRef =
  | { id: string }
  | { slug: string }
  | { holding: "environment" | "folder" | "secret"; id: string };

/** Where in a project a request acts; the permission is decided on this and on nothing else of the request. */
export interface Place {
  project: ProjectRef;
  environment?: string;
  /** Canonical. */
  path?: string;
  /** Of the secret or the dynamic secret. */
  name?: string;
  leaseId?: string;
  /** Of something that is made now; of what is there already the server looks it up. */
  metadata?: { key: string; value: string }[];
  /** What the request makes of it: allowed only where its right also holds afterwards. */
  becomes?: { name?: string; metadata?: { key: string; value: string }[] };
}

/** What a handler is given: every part parsed, defaulted and under its one name. */
export interface Input<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  params: z.output<P>;
  query: z.output<Q>;
  body: z.output<B>;
}

/** A declared route. */
export interface Route<
  P extends z.ZodType = z.ZodType,
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType = z.ZodType,
  R extends z.ZodType = z.ZodType,
> {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Segments; `:name` stands for a parameter. A fixed segment wins over a parameter. */
  path: `/${string}`;
  summary: string;
  params: P;
  query: Q;
  body: B;
  /** Exactly what may leave; it accepts a `Date` wherever the wire has a time. */
  reply: R;
  permission: Permission;
  /** The event one row of the audit log is written under, or "unaudited" for what says nothing about anybody. */
  audit: string;
  /** There exactly when the permission is a project's. */
  place?(input: Input<P, Q, B>): Place;
  /** Whether a request may carry an Idempotency-Key, and is then safe to be sent again. */
  idempotencyKey?: true;
  /** Whether the answer is a stream of events that goes on until somebody closes it. */
  stream?: true;
}

/** No fields at all: what a route has where it declares none. */
export type Nothing = z.ZodObject<Record<never, never>>;
const nothing: Nothing = z.object({});

interface Declared<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType> {
  method: Route["method"];
  path: Route["path"];
  summary: string;
  params?: P;
  query?: Q;
  body?: B;
  reply: R;
  audit: string;
  idempotencyKey?: true;
  stream?: true;
}

/** Declares a route. */
export function route<
  R extends z.ZodType,
  P extends z.ZodType = Nothing,
  Q extends z.ZodType = Nothing,
  B extends z.ZodType = Nothing,
>(
  declared: Declared<P, Q, B, R> &
    (
      | { permission: InProject; place: (input: Input<P, Q, B>) => Place }
      | { permission: Open | OwnThings | InOrganization; place?: never }
    ),
): Route<P, Q, B, R> {
  // The casts are the defaults of the type parameters: a part that was left out has the type Nothing.
  return {
    ...declared,
    params: declared.params ?? (nothing as z.ZodType as P),
    query: declared.query ?? (nothing as z.ZodType as Q),
    body: declared.body ?? (nothing as z.ZodType as B),
  };
}

/** What a handler of the route is given. */
export type InputOf<R extends Route> = Input<R["params"], R["query"], R["body"]>;

/** What a client gets: only declared fields, times as ISO strings. */
export type ReplyOf<R extends Route> = z.output<R["reply"]>;

/** What a handler may answer with: the reply before it is parsed, so with `Date`s and without fields that have a default. */
export type AnswerOf<R extends Route> = z.input<R["reply"]>;

type Part<K extends string, S extends z.ZodType> =
  Record<never, never> extends z.input<S> ? { [key in K]?: z.input<S> } : { [key in K]: z.input<S> };

/** What a client gives: a part may be left out when none of its fields is required. */
export type RequestOf<R extends Route> = Part<"params", R["params"]> &
  Part<"query", R["query"]> &
  Part<"body", R["body"]>;

/** What is wrong with one field of a request. Never carries the value. */
export interface Issue {
  code: string;
  message: string;
  path: (string | number)[];
}

/** More would let a small request ask for a large answer. */
const MOST_ISSUES = 100;

/**
 * Parses a raw request by its route. An absent body counts as an empty one: clients send the content type without a body.
 */
export function readInput<R extends Route>(
  route: R,
  raw: { params: unknown; query: unknown; body: unknown },
): { input: InputOf<R> } | { issues: Issue[] } {
  const params = route.params.safeParse(raw.params ?? {});
  const query = route.query.safeParse(raw.query ?? {});
  const body = route.body.safeParse(raw.body === undefined || raw.body === null || raw.body === "" ? {} : raw.body);
  if (params.success && query.success && body.success) {
    return { input: { params: params.data, query: query.data, body: body.data } as InputOf<R> };
  }
  const issues = [params, query, body].flatMap((part) => (part.success ? [] : issuesOf(part.error)));
  return { issues: issues.slice(0, MOST_ISSUES) };
}

/** The header under which a client names its request, so that it can be sent again without being done twice. */
export const IDEMPOTENCY_KEY = "idempotency-key";

/** What that header may hold. */
export const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, "must be 1 to 255 visible ASCII characters, without blanks");

/** Reads the key of a request; null where the route takes none, or none was given. */
export function readIdempotencyKey(route: Route, header: unknown): { key: string | null } | { issues: Issue[] } {
  if (!route.idempotencyKey || header === undefined) return { key: null };
  const read = idempotencyKey.safeParse(header);
  if (read.success) return { key: read.data };
  return { issues: issuesOf(read.error).map((issue) => ({ ...issue, path: ["Idempotency-Key"] })) };
}

/** The issues of a zod error as the wire shows them: code, message and path, and nothing of the input. */
export function issuesOf(error: z.ZodError): Issue[] {
  return error.issues.map(({ code, message, path }) => ({
    code,
    message,
    path: path.map((key) => (typeof key === "symbol" ? String(key) : key)),
  }));
}
