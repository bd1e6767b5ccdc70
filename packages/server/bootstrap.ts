/**
 * The first start: an organization, an admin, and a machine identity to begin with. Owns that this happens exactly once,
 * however many nodes start at once, and that its credentials are on disk before they are in the database.
 */
import { randomBytes } from "node:crypto";
import { open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { audit, clientSecrets, identities, organizations, type Store, users } from "@dayfly/store";
import { hashPassword } from "./access/passwords.ts";
import { makeToken } from "./access/tokens.ts";

/** What the first start made, once. */
export interface Bootstrap {
  url: string;
  organizationId: string;
  admin: { email: string; password: string };
  identity: { id: string; clientId: string; clientSecret: string };
}

/** The file in the data directory that keeps it. */
export const BOOTSTRAP_FILE = "bootstrap.json";

const ADMIN_EMAIL = "admin@localhost";

/** Makes what a new server needs while there is no user; null when somebody is here already. */
export async function bootstrap(store: Store, dataDir: string, url: string): Promise<Bootstrap | null> {
  const password = randomBytes(18).toString("base64url");
  return store.transaction(async (tx) => {
    if (!(await users.claimFirst(tx))) return null;
    const passwordHash = await hashPassword(password);
    const organization = await organizations.create(tx, { name: "Dayfly", slug: "dayfly" });
    const admin = await users.create(tx, { email: ADMIN_EMAIL, name: "Admin", passwordHash, orgRole: "admin" });
    const identity = await identities.create(tx, { name: "bootstrap", orgRole: "admin" });
    const auth = await identities.attachUniversalAuth(tx, identity.id, {});
    const { token, digest } = makeToken();
    await clientSecrets.create(tx, {
      universalAuthId: auth.id,
      digest,
      prefix: token.slice(0, 4),
      description: "made at the first start",
      numUsesLimit: 0,
      ttl: 0,
    });
    await audit.append(tx, audit.systemCaller, { event: "bootstrap", subjectId: identity.id, name: admin.email });
    const made = {
      url,
      organizationId: organization.id,
      admin: { email: admin.email, password },
      identity: { id: identity.id, clientId: auth.client_id, clientSecret: token },
    };
    // Before the commit: credentials that nobody has would lock everybody out for ever, a file too many harms nobody.
    await keep(join(dataDir, BOOTSTRAP_FILE), made);
    return made;
  });
}

/**
 * Keeps the address up to date in the file, if it is still there: the CLI on this machine finds the server by it, and must
 * not send a secret to whatever listens on a port that the server once had.
 */
export async function keepAddress(dataDir: string, url: string): Promise<void> {
  const file = join(dataDir, BOOTSTRAP_FILE);
  const text = await readFile(file, "utf8").catch(() => null);
  if (text === null) return;
  const made = JSON.parse(text) as Bootstrap;
  if (made.url !== url) await keep(file, { ...made, url });
}

async function keep(file: string, made: Bootstrap): Promise<void> {
  const fresh = `${file}.${randomBytes(4).toString("hex")}`;
  const handle = await open(fresh, "wx", 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(made, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(fresh, file);
}
