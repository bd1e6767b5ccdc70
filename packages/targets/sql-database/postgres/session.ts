/**
 * One logged-in connection to a PostgreSQL server, and the only door through which its verbs speak to it.
 *
 * Owns when the password may be shown (never in clear or as MD5 over a line that is not verified) and that nothing of the
 * driver's errors gets out. Everything goes as simple queries, which a transaction pooler carries; so one session does one
 * verb at a time.
 */
import pg from "pg";
import { type Net, TargetError } from "../../define.ts";
import type { Config } from "../inputs.ts";
import { PostgresError } from "./errors.ts";
import { type Line, openLine } from "./line.ts";

/** An open session. */
export interface Session {
  db: pg.Client;
  config: Config;
  net: Net;
  tls: Line["tls"];
  /** Ends it without a word. */
  cut(): void;
  /** Major version of the server. */
  version: number;
  /** The SQLSTATEs of what the server merely warned of in the last message. */
  notices: string[];
  /** How many statements of the last message were completed. */
  completed: number;
}

const CONNECT_LIMIT = 5_000;
const CLOSE_LIMIT = 1_000;

/** The part of the driver that its types leave out. */
interface Wire {
  on(event: string, listener: (message: { parameterName?: string; parameterValue?: string }) => void): void;
}

/** Logs in, as the admin or as `user`. @throws TargetError with the step that failed. */
export async function connect(
  config: Config,
  net: Net,
  user = { username: config.username, password: config.password },
): Promise<Session> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), CONNECT_LIMIT);
  try {
    return await login(config, net, user, AbortSignal.any([net.signal, limit.signal]));
  } finally {
    clearTimeout(timer);
  }
}

async function login(
  config: Config,
  net: Net,
  user: { username: string; password: string },
  signal: AbortSignal,
): Promise<Session> {
  const line = await openLine(config, net, signal);
  let inClear = "";
  const password = async () => {
    if (inClear && line.tls !== "verified") throw new PasswordInClear(inClear);
    return user.password;
  };
  const db = new pg.Client({
    host: config.host,
    port: config.port,
    database: config.database,
    user: user.username,
    password,
    ssl: false,
    client_encoding: "UTF8",
    application_name: "dayfly",
    stream: () => connected(line.socket),
    enableChannelBinding: line.tls !== "none",
  } as pg.ClientConfig);
  const session: Session = {
    db,
    config,
    net,
    tls: line.tls,
    cut: () => line.socket.destroy(),
    version: 0,
    notices: [],
    completed: 0,
  };
  // A terminated connection is an event; without a listener it would end the process.
  db.on("error", () => {});
  db.on("notice", ({ code }) => code && session.notices.push(code));
  const wire = (db as unknown as { connection: Wire }).connection;
  const parameters = new Map<string, string>();
  wire.on("authenticationCleartextPassword", () => (inClear = "as clear text"));
  wire.on("authenticationMD5Password", () => (inClear = "as MD5"));
  wire.on("parameterStatus", ({ parameterName, parameterValue }) => parameters.set(parameterName!, parameterValue!));
  wire.on("commandComplete", () => (session.completed += 1));
  try {
    await db.connect();
  } catch (error) {
    line.socket.destroy();
    throw loginError(error, config, user.username, signal.aborted);
  }
  session.version = Number.parseInt(parameters.get("server_version") ?? "", 10) || 0;
  if (parameters.get("standard_conforming_strings") === "off") {
    line.socket.destroy();
    // With it off, a backslash in '…' means something else than we take it for.
    const message = "This server runs with standard_conforming_strings off; switch it on for the admin";
    throw new TargetError("refused", message, {
      step: "server",
      fix: `ALTER ROLE ${name(user.username)} SET standard_conforming_strings = on;`,
    });
  }
  return session;
}

/** Ends a session; content with one that is broken, or a server that does not answer any more. */
export async function close({ db, cut }: Session): Promise<void> {
  const timer = setTimeout(cut, CLOSE_LIMIT);
  await db.end().catch(() => {});
  clearTimeout(timer);
}

/** Sends SQL as one message and gives the rows of each statement. @throws PostgresError or TargetError */
export async function run(session: Session, sql: string): Promise<Record<string, unknown>[][]> {
  session.notices = [];
  session.completed = 0;
  try {
    const results: pg.QueryResult | pg.QueryResult[] = await session.db.query(sql);
    return [results].flat().map(({ rows }) => rows);
  } catch (error) {
    throw statementError(error, session);
  }
}

/** A name as SQL. */
export const name = (text: string): string => pg.escapeIdentifier(text);
/** A text as SQL. */
export const text = (value: string): string => pg.escapeLiteral(value);

/** The driver connects its stream itself; ours is connected already, and checked. */
function connected(socket: Line["socket"]): Line["socket"] {
  const connect = () => {
    setImmediate(() => {
      socket.emit("connect");
      socket.resume();
    });
    return socket;
  };
  return Object.assign(socket, { connect });
}

class PasswordInClear extends Error {
  override name = "PasswordInClear";
}

function loginError(error: unknown, config: Config, username: string, late: boolean): TargetError {
  const where = `${config.host}:${config.port}`;
  if (error instanceof PasswordInClear) {
    const message = `${where} asks for the password ${error.message} over a line that is not verified; it was not sent. Use TLS with a verified certificate, or SCRAM`;
    return new TargetError("auth", message, { step: "tls" });
  }
  if (error instanceof pg.DatabaseError && error.code) {
    const refusal = new PostgresError(error.code, 0);
    const step = refusal.errorClass === "unreachable" || refusal.errorClass === "busy" ? "reach" : "authenticate";
    return new LoginRefused(
      error.code,
      `Login as "${username}" at ${where}, database "${config.database}": ${refusal.message}`,
      refusal.errorClass,
      step,
    );
  }
  if (error instanceof Error && error.message.startsWith("SASL")) {
    return new TargetError("auth", `${where} could not prove that it knows the password of "${username}".`, {
      step: "authenticate",
    });
  }
  const reason = late ? "there was no answer in time" : "the connection was cut during the login";
  return new TargetError("unreachable", `No connection to ${where}: ${reason}`, { step: "reach" });
}

/** The server answered a login, and the answer was no. */
export class LoginRefused extends TargetError {
  override name = "LoginRefused";
  readonly code: string;
  constructor(code: string, message: string, errorClass: TargetError["errorClass"], step: "reach" | "authenticate") {
    super(errorClass, message, { step });
    this.code = code;
  }
}

function statementError(error: unknown, session: Session): TargetError {
  if (error instanceof pg.DatabaseError && error.code) return new PostgresError(error.code, session.completed);
  const { host, port } = session.config;
  return new TargetError("unreachable", `The connection to ${host}:${port} was cut before the answer came`);
}
