/** What a thief or a forger would send for a token: every defect that a token can have. */
import { createHash, createHmac } from "node:crypto";

/** What the attacks are made from. */
export interface Stolen {
  /** A good token, which is never sent as it is. */
  token: string;
  clientId: string;
  clientSecret: string;
  identityId: string;
  /** Tokens that were good: expired, of a deleted identity, used up. */
  dead: string[];
}

/** Values of the `Authorization` header, none of which says who anybody is. */
export function tokenAttacks(stolen: Stolen): string[] {
  const bearers = [...forged(stolen), ...damaged(stolen.token), ...mistaken(stolen), ...stolen.dead];
  return [...bearers.map((text) => `Bearer ${text}`), ...schemes(stolen)];
}

function forged({ token, identityId }: Stolen): string[] {
  const second = Math.floor(Date.now() / 1000);
  const algorithms = ["none", "None", "nOnE", "NONE", "HS256", "HS512", "RS256", "ES256", "EdDSA", ""];
  const kids = [undefined, "0", "../../../../dev/null", "' or 1=1 --", "http://127.0.0.1:1/key", "a\u0000b"];
  const claims: Record<string, unknown>[] = [
    { exp: second + 3_600 },
    { exp: second - 3_600 },
    { exp: "never" },
    { exp: 1e21, nbf: second + 3_600 },
    { iss: "dayfly", aud: "dayfly", exp: second + 3_600 },
    { iss: "https://elsewhere.invalid", aud: ["elsewhere"], exp: second + 3_600 },
  ];
  const types = ["JWT", "at+jwt", "JWE"];
  const keys = ["", "secret", token];
  return algorithms.flatMap((alg, i) =>
    kids.flatMap((kid, j) =>
      [0, 1].map((k) => {
        const header = { alg, kid, typ: types[(i + j + k) % types.length] };
        const body = { sub: identityId, identityId, ...claims[(i + 2 * j + 3 * k) % claims.length] };
        const signed = `${part(header)}.${part(body)}`;
        const mac = createHmac("sha256", keys[(i + j + k) % keys.length]!)
          .update(signed)
          .digest("base64url");
        return `${signed}.${alg.toLowerCase() === "none" ? "" : mac}`;
      }),
    ),
  );
}

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function damaged(token: string): string[] {
  const changed = [...token].map(
    (letter, at) => token.slice(0, at) + (letter === "A" ? "B" : "A") + token.slice(at + 1),
  );
  const cut = [1, 2, 8, 20, 42].flatMap((length) => [token.slice(0, length), token.slice(length)]);
  const longer = ["=", "==", "A", ".", "~", "/", "+", "-", "_", "A".repeat(2_005)].flatMap((more) => [
    token + more,
    more + token,
  ]);
  const cased = [token.toLowerCase(), token.toUpperCase(), [...token].reverse().join("")];
  const recoded = [
    Buffer.from(token).toString("base64"),
    Buffer.from(token).toString("hex"),
    Buffer.from(token, "base64url").toString("hex"),
    `%${token.charCodeAt(0).toString(16)}${token.slice(1)}`,
  ];
  return [...changed, ...cut, ...longer, ...cased, ...recoded].filter((text) => text !== token && text !== "");
}

function mistaken({ token, clientId, clientSecret, identityId }: Stolen): string[] {
  const digest = createHash("sha256").update(token).digest();
  const texts = ["null", "undefined", "true", "0", "[]", "{}", "*", "%", "''", '""', "admin", "x".repeat(4_000)];
  return [
    ...texts,
    // What the database keeps of it opens nothing.
    digest.toString("hex"),
    digest.toString("base64url"),
    `\\x${digest.toString("hex")}`,
    clientId,
    clientSecret,
    identityId,
    `st.${token}`,
    `st.${identityId}.${clientSecret}.${token}`,
    `Bearer ${token}`,
    `${token},${token}`,
    `${token}, Bearer ${token}`,
    `${token} ${token}`,
    `${token};`,
    `"${token}"`,
    `<${token}>`,
  ];
}

function schemes({ token, clientId, clientSecret }: Stolen): string[] {
  const pair = Buffer.from(`${clientId}:${clientSecret}`).toString("base64");
  const names = ["Basic", "Token", "Digest", "Negotiate", "ApiKey", "DPoP", "AWS4-HMAC-SHA256", "Bearer:", "Bearer,"];
  return [
    ...names.map((name) => `${name} ${token}`),
    `Basic ${pair}`,
    `Basic ${Buffer.from(`:${token}`).toString("base64")}`,
    token,
    `Bearer${token}`,
    `Bearer=${token}`,
    `Bearer\t${token}`,
    "Bearer",
    "Bearer ",
    "",
  ];
}
