/** Signing in. */
import { z } from "zod";
import { route } from "./route.ts";

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
  reply: z.object({
    accessToken: z.string().meta({ secret: true }),
    expiresIn: z.int(),
    accessTokenMaxTTL: z.int(),
    tokenType: z.literal("Bearer").default("Bearer"),
  }),
});
