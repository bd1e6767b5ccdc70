/** `login`: signs a machine identity in. The session is kept in a file, or with `--plain` printed and not kept. */
import { connect, domainOf } from "./connect.ts";
import { usage } from "./exit.ts";
import { print } from "./formats.ts";
import { askHidden, readFileOrStdin, readStdin } from "./given.ts";
import type { Invocation } from "./invocation.ts";
import { writeSession } from "./session.ts";
import { clock } from "./ttl.ts";

interface Flags {
  method?: string;
  clientId?: string;
  clientSecret?: string;
  clientSecretFile?: string;
  clientSecretStdin?: boolean;
  plain?: boolean;
}

/** Signs in and keeps the session. */
export async function login(run: Invocation<Flags>): Promise<void> {
  const method = run.flags.method ?? run.world.env.INFISICAL_AUTH_METHOD ?? "universal-auth";
  if (method !== "universal-auth") throw usage(`The method ${method} is not known`, "Use --method universal-auth");
  const clientId = run.flags.clientId ?? run.settings.clientId.value;
  if (clientId === undefined)
    throw usage("The client id is missing", "Give --client-id, or set INFISICAL_UNIVERSAL_AUTH_CLIENT_ID");
  const domain = domainOf(run);
  const clientSecret = await secretOf(run);
  run.redactor.add(clientSecret);
  const { accessToken, expiresIn } = await connect(run, { clientId, clientSecret }).auth.login({
    clientId,
    clientSecret,
  });
  if (run.flags.plain) return print(run, accessToken);
  const expiresAt = new Date(run.world.now().getTime() + expiresIn * 1000);
  const session = { domain, token: accessToken, expiresAt: expiresAt.toISOString(), clientId };
  const path = writeSession(run.world, session);
  run.note(`signed in to ${domain} until ${clock(expiresAt, run.world.now())}; the session is kept in ${path} (0600)`);
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
