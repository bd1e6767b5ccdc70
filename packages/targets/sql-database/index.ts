import { defineTarget } from "../define.ts";
import { type Config, inputs, SYMBOLS } from "./inputs.ts";
import { create } from "./postgres/create.ts";
import { drop } from "./postgres/drop.ts";
import { exists, fence, killSessions, renew, revoke } from "./postgres/end.ts";
import { classify, explain } from "./postgres/errors.ts";
import { fenceAll } from "./postgres/fence-all.ts";
import { formats } from "./postgres/formats.ts";
import { login } from "./postgres/login.ts";
import { close, connect, type Session } from "./postgres/session.ts";
import { look } from "./postgres/transaction.ts";
import { verify } from "./postgres/verify.ts";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const DIGITS = "0123456789";

/** SQL databases; today PostgreSQL. */
export default defineTarget<typeof inputs, Session>({
  type: "sql-database",
  title: "SQL database",
  config: inputs,
  can: { renewable: true, revocable: true, nativeExpiry: true },
  address: ({ host, port }) => `${host.includes(":") ? `[${host}]` : host}:${port}`,
  account: ({ username }) => username,
  naming: () => ({ prefix: "", alphabet: "A-Za-z0-9_-", maxLength: 63, case: "any" }),
  passwords,
  capabilities: ({ creationStatement }) => ({
    renewable: true,
    revocable: true,
    nativeExpiry: creationStatement.uses("expiration"),
    minTtl: 1,
    maxTtl: null,
    revokeTakes: 0,
  }),

  connect,
  close,
  verify,
  clock: async (session) => {
    const rows = await look(session, "SELECT pg_catalog.clock_timestamp() AS now");
    return rows[0]!.now as Date;
  },
  classify,
  explain,

  create,
  renew,
  fence: (session, _config, entity) => fence(session, entity),
  killSessions: (session, _config, entity) => killSessions(session, entity),
  fenceAll: (session, _config, entities) => fenceAll(session, entities),
  revoke,
  drop,
  exists: (session, _config, entity) => exists(session, entity),

  login,
  formats,
});

function passwords({ passwordRequirements: rules }: Config) {
  if (!rules) {
    const required = { lowercase: 1, uppercase: 1, digits: 1, symbols: 0 };
    return { length: 48, alphabet: LETTERS + DIGITS, required };
  }
  const symbols = rules.allowedSymbols ?? (rules.required.symbols > 0 ? SYMBOLS : "");
  return { length: rules.length, alphabet: LETTERS + DIGITS + symbols, required: rules.required };
}
