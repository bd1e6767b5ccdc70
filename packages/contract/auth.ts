/** Machines signing in, and the tokens they get. */
import { z } from "zod";
import { route } from "./route.ts";

const tokenReply = z.object({
  accessToken: z.string().meta({ secret: true }),
  /** Seconds. */
  expiresIn: z.int(),
  accessTokenMaxTTL: z.int(),
  tokenType: z.literal("Bearer").default("Bearer"),
});

/** Exchanges a machine identity's client id and secret for an access token. */
export const universalAuthLogin = route({
  method: "POST",
  path: "/api/v1/auth/universal-auth/login",
  summary: "Sign in with a client id and a client secret",
  permission: { open: true },
  audit: "login-identity-universal-auth",
  body: z.object({
    clientId: z.string().trim().min(1).max(255),
    clientSecret: z.string().trim().min(1).max(1024).meta({ secret: true }),
  }),
  reply: tokenReply,
});

const held = z.object({ accessToken: z.string().trim().min(1).max(2048).meta({ secret: true }) });

/** Moves a good token's end to a lifetime from now, but not past its greatest age. The token stays the same. */
export const renewToken = route({
  method: "POST",
  path: "/api/v1/auth/token/renew",
  summary: "Renew an access token",
  permission: { open: true },
  audit: "renew-access-token",
  body: held,
  reply: tokenReply,
});

/** Ends an access token. */
export const revokeToken = route({
  method: "POST",
  path: "/api/v1/auth/token/revoke",
  summary: "Revoke an access token",
  permission: { open: true },
  audit: "revoke-access-token",
  body: held,
  reply: z.object({ message: z.string() }),
});
