/** Machine identities with less than the first one's rights. */

import type { Server } from "./server.ts";
import { signIn, type Wire } from "./wire.ts";

/** What a new identity may be and do. */
export interface Wanted {
  name: string;
  /** In the organization; nothing unless it is said. */
  orgRole?: string;
  /** In the project; without one it is no member. */
  role?: { role: string; secrets?: { environment: string; path: string; name: string }[] };
  projectId?: string;
  /** Seconds that its tokens live. */
  tokenSeconds?: number;
  /** Requests that each of its tokens is good for; without end unless it is said. */
  tokenUses?: number;
}

/** A signed-in identity. */
export interface Identity {
  id: string;
  wire: Wire;
}

/** Makes an identity and signs it in; its requests are remembered with those of `admin`. */
export async function makeIdentity(server: Server, admin: Wire, wanted: Wanted): Promise<Identity> {
  const { organizationId } = server.bootstrap;
  const body = { name: wanted.name, organizationId, role: wanted.orgRole ?? "no-access" };
  const { identity } = await admin.ok("POST", "/api/v1/identities", { body });
  const auth = `/api/v1/auth/universal-auth/identities/${identity.id}`;
  const seconds = wanted.tokenSeconds ?? 3_600;
  const { identityUniversalAuth } = await admin.ok("POST", auth, {
    body: {
      accessTokenTTL: seconds,
      accessTokenMaxTTL: seconds,
      ...(wanted.tokenUses !== undefined && { accessTokenNumUsesLimit: wanted.tokenUses }),
    },
  });
  const { clientSecret } = await admin.ok("POST", `${auth}/client-secrets`, { body: {} });
  if (wanted.role) {
    const membership = `/api/v2/workspace/${wanted.projectId}/identity-memberships/${identity.id}`;
    await admin.ok("POST", membership, { body: { roles: [wanted.role] } });
  }
  const { clientId } = identityUniversalAuth;
  return { id: identity.id, wire: await signIn(server.url, { clientId, clientSecret }, admin.exchanges) };
}
