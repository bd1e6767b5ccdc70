/** The client: one object for one server and one identity, with a group of small methods for each noun of the wire. */
import { authGroup } from "./auth.ts";
import { dynamicSecretsGroup } from "./dynamic-secrets.ts";
import { foldersGroup } from "./folders.ts";
import { type Fetch, httpFetch } from "./http.ts";
import { leasesGroup } from "./leases.ts";
import { environmentsGroup, projectsGroup } from "./projects.ts";
import { type Patience, patient } from "./retry.ts";
import { secretsGroup } from "./secrets.ts";
import type { Credentials } from "./sign-in.ts";
import { type CallReport, openWire } from "./wire.ts";

/** Where the server is, who asks, and what is handed in. */
export type DayflyOptions = Credentials & {
  /** With or without `/api`. There is no default. */
  host: string;
  fetch?: Fetch;
  /** Cancels every call. */
  signal?: AbortSignal;
  patience?: Partial<Patience>;
  userAgent?: string;
  onTry?: (report: CallReport) => void;
  /** Milliseconds, of any origin. */
  now?: () => number;
  random?: () => number;
  /** Makes the Idempotency-Key of one create or renewal. */
  newKey?: () => string;
};

/** Signs in on its first call. Errors are the classes of `errors.ts`. */
export class Dayfly {
  readonly auth: ReturnType<typeof authGroup>;
  readonly projects: ReturnType<typeof projectsGroup>;
  readonly environments: ReturnType<typeof environmentsGroup>;
  readonly folders: ReturnType<typeof foldersGroup>;
  readonly secrets: ReturnType<typeof secretsGroup>;
  readonly dynamicSecrets: ReturnType<typeof dynamicSecretsGroup>;
  readonly leases: ReturnType<typeof leasesGroup>;

  constructor(options: DayflyOptions) {
    const { host, fetch = httpFetch, signal, onTry, userAgent = "dayfly-sdk" } = options;
    const { now = () => performance.now(), random = Math.random, newKey = () => crypto.randomUUID() } = options;
    const patience = { ...patient, ...options.patience };
    const credentials: Credentials =
      "token" in options
        ? { token: options.token }
        : { clientId: options.clientId, clientSecret: options.clientSecret };
    const given = { host, fetch, userAgent, now, random, newKey, signal, onTry };
    const { call, token } = openWire({ ...given, credentials, patience });
    this.auth = authGroup(call, token);
    this.projects = projectsGroup(call);
    this.environments = environmentsGroup(call);
    this.folders = foldersGroup(call);
    this.secrets = secretsGroup(call);
    this.dynamicSecrets = dynamicSecretsGroup(call);
    this.leases = leasesGroup(call);
  }
}
