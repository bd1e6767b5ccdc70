/** `login`: signs a machine identity or a person in. The session is kept in a file, or with `--plain` printed and not kept. */
import { connect, domainOf } from "./connect.ts";
import { usage } from "./exit.ts";
import { print } from "./formats.ts";
import { askHidden, readFileOrStdin, readStdin, withoutLastBreak } from "./given.ts";
import type { Invocation } from "./invocation.ts";
import { writeSession } from "./session.ts";
import { clock } from "./ttl.ts";

interface Flags {
  method?: string;
  clientId?: string;
  clientSecret?: string;
  clientSecretFile?: string;
  clientSecretStdin?: boolean;
  email?: string;
  passwordFile?: string;
  passwordStdin?: boolean;
  plain?: boolean;
}

/** Who signed in, and until when. */
interface SignedIn {
  holder: string;
  accessToken: string;
  /** Seconds. */
  expiresIn: number;
}

/** Signs in and keeps the session. */
export async function login(run: Invocation<Flags>): Promise<void> {
  const { holder, accessToken, expiresIn } = await signIn(run);
  if (run.flags.plain) return print(run, accessToken);
  const expiresAt = new Date(run.world.now().getTime() + expiresIn * 1000);
  const domain = domainOf(run);
  const session = { domain, token: accessToken, expiresAt: expiresAt.toISOString(), holder };
  const path = writeSession(run.world, session);
  run.note(`signed in to ${domain} until ${clock(expiresAt, run.world.now())}; the session is kept in ${path} (0600)`);
}

function signIn(run: Invocation<Flags>): Promise<SignedIn> {
  const { method: given, email } = run.flags;
  const method = given ?? (email === undefined ? (run.world.env.INFISICAL_AUTH_METHOD ?? "universal-auth") : "user");
  if (method === "user") return person(run);
  if (method === "universal-auth") return machine(run);
  throw usage(`The method ${method} is not known`, "Use --method universal-auth or --method user");
}

async function machine(run: Invocation<Flags>): Promise<SignedIn> {
  const clientId = run.flags.clientId ?? run.settings.clientId.value;
  if (clientId === undefined)
    throw usage("The client id is missing", "Give --client-id, or set INFISICAL_UNIVERSAL_AUTH_CLIENT_ID");
  const clientSecret = await secretOf(run);
  run.redactor.add(clientSecret);
  const pair = { clientId, clientSecret };
  return { holder: clientId, ...(await connect(run, pair).auth.login(pair)) };
}

async function person(run: Invocation<Flags>): Promise<SignedIn> {
  const email = run.flags.email ?? run.world.env.INFISICAL_EMAIL;
  if (email === undefined) throw usage("The e-mail address is missing", "Give --email, or set INFISICAL_EMAIL");
  const password = await passwordOf(run);
  run.redactor.add(password);
  // Signing in takes no token, whatever this client is given.
  const client = connect(run, { token: "none" });
  return { holder: email, ...(await client.auth.loginUser({ email, password })) };
}

async function passwordOf(run: Invocation<Flags>): Promise<string> {
  const { passwordFile, passwordStdin } = run.flags;
  if (passwordStdin) return withoutLastBreak(await readStdin(run));
  if (passwordFile !== undefined) return withoutLastBreak(await readFileOrStdin(run, passwordFile));
  return (
    run.world.env.INFISICAL_PASSWORD ?? (await askHidden(run, "The password", "--password-stdin or --password-file"))
  );
}

async function secretOf(run: Invocation<Flags>): Promise<string> {
  const { clientSecret, clientSecretFile, clientSecretStdin } = run.flags;
  if (clientSecretStdin) return (await readStdin(run)).trim();
  if (clientSecretFile !== undefined) return (await readFileOrStdin(run, clientSecretFile)).trim();
  if (clientSecret !== undefined) {
    run.warn("--client-secret stays in the shell's history; --client-secret-file and --client-secret-stdin do not");
    return clientSecret;
  }
  return (
    run.settings.clientSecret.value ??
    (await askHidden(run, "The client secret", "--client-secret-stdin or --client-secret-file"))
  );
}
