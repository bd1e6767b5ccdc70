/** Tokens: one sign-in for all calls that wait for it, in time before the old token ends. */
import { AuthError } from "./errors.ts";

/** How a client proves who it is. */
export type Credentials = { token: string } | { clientId: string; clientSecret: string };

/** What a sign-in answers. */
export interface SignedIn {
  accessToken: string;
  /** Seconds. */
  expiresIn: number;
}

/** The token in force. */
export interface TokenSource {
  get(): Promise<string>;
  /** Forgets a token that was refused. False when there is no way to another one. */
  drop(token: string): boolean;
}

/** Tokens of one identity; `signIn` is asked on first use, and again when a token is about to end or was dropped. */
export function tokenSource(
  credentials: Credentials,
  signIn: (pair: { clientId: string; clientSecret: string }) => Promise<SignedIn>,
  now: () => number,
): TokenSource {
  if ("token" in credentials) {
    const { token } = credentials;
    if (!token) throw new AuthError("The token is empty");
    return { get: () => Promise.resolve(token), drop: () => false };
  }
  let current: { token: string; renewAt: number } | undefined;
  let pending: Promise<string> | undefined;

  const ask = async (): Promise<string> => {
    const { accessToken, expiresIn } = await signIn(credentials);
    // A tenth of its life early, but no more than a minute: a clock may be wrong, a request takes time.
    current = { token: accessToken, renewAt: now() + (expiresIn - Math.min(60, expiresIn / 10)) * 1000 };
    return accessToken;
  };
  return {
    get: () => {
      if (current && now() < current.renewAt) return Promise.resolve(current.token);
      pending ??= ask().finally(() => {
        pending = undefined;
      });
      return pending;
    },
    drop: (token) => {
      // Another call may have signed in again already.
      if (current?.token === token) current = undefined;
      return true;
    },
  };
}
