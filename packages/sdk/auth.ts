import { routes } from "@dayfly/contract";
import type { Call } from "./wire.ts";

/** Signing in by hand; every other group does it by itself. */
export function authGroup(call: Call, token: () => Promise<string>) {
  return {
    /** Exchanges a client id and secret for an access token, and leaves this client's own token alone. */
    login: (body: { clientId: string; clientSecret: string }) => call(routes.universalAuthLogin, { body }),
    /** Exchanges a person's e-mail address and password for a session's token. Also leaves this client's own alone. */
    loginUser: (body: { email: string; password: string }) => call(routes.loginUser, { body }),
    /** The access token in force; signs in where there is none. */
    token,
  };
}
