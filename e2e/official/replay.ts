/**
 * Recorded exchanges of real clients, played again against a server: the requests as the client sends them, quirks and all,
 * and what its decoder does with the answers.
 *
 * Owns what a recorded exchange may say. `<name>` in it stands for what an earlier answer brought, or for what was there at
 * the start. Where an exchange says something of an account, PostgreSQL itself is asked. No value of an answer is printed.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import type { Orders } from "../testing/orders.ts";
import { type Answer, type Json, wire } from "../testing/wire.ts";
import { faultsOf, type Type } from "./decode.ts";

/** One request, and what is known of its answer. Paths lead into the body, `lease.id`, or name a header, `@etag`. */
export interface Exchange {
  title: string;
  /** Method, path and query, encoded as the client does it. */
  request: string;
  /** Sent without an authorization header. */
  anonymous?: true;
  body?: Json;
  /** 200 where nothing is said. */
  status?: number;
  /** What the client decodes. */
  reads?: Type;
  equals?: Record<string, Json>;
  differs?: Record<string, Json>;
  /** Part of its text. */
  says?: string;
  /** The list there has an entry with these fields. */
  has?: Record<string, Record<string, Json>>;
  /** What later exchanges call it. */
  keep?: Record<string, string>;
  /** What PostgreSQL says afterwards of the account `<username>`, `<password>`. */
  account?: keyof typeof accounts;
}

/** What all exchanges of a client have in common. */
export interface Client {
  /** Its name and version. */
  client: string;
  headers: Record<string, string>;
  types: Record<string, Type>;
}

/** By name. */
export type Values = Record<string, Json>;

const folder = new URL("recorded/", import.meta.url);
const read = (file: string): Json => JSON.parse(readFileSync(new URL(file, folder), "utf8"));

/** What is recorded of a client: what its exchanges have in common, and the names of its operations. */
export function recordedOf(name: string): { client: Client; operations: string[] } {
  const files = readdirSync(new URL(`${name}/`, folder)).map((file) => file.replace(/\.json$/, ""));
  return { client: read(`${name}/client.json`), operations: files.filter((file) => file !== "client").sort() };
}

/** The exchanges of one operation, in order. */
export function exchangesOf(name: string, operation: string): Exchange[] {
  return read(`${name}/${operation}.json`);
}

/** Plays one exchange and adds what it keeps to `values`. @throws where the client could not go on */
export async function play(url: string, orders: Orders, client: Client, exchange: Exchange, values: Values) {
  const [method, target] = filled(exchange.request, values).split(" ");
  const { authorization, ...others } = filled(client.headers, exchange.anonymous ? { token: "", ...values } : values);
  const answer = await wire(url).call(method, target, {
    headers: exchange.anonymous ? others : { ...others, authorization },
    ...(exchange.body !== undefined && { text: JSON.stringify(filled(exchange.body, values)) }),
  });

  const { status = 200, reads, says = "", equals = {}, differs = {}, has = {}, keep = {} } = exchange;
  // A good answer may hold a credential.
  assert.equal(answer.status, status, answer.status < 400 ? undefined : answer.text);
  // Go clients decode nothing else, and do not say so.
  assert.match(answer.headers.get("content-type") ?? "", /json/);
  if (reads !== undefined) assert.deepEqual(faultsOf(answer.body, reads, client.types), []);
  assert.ok(answer.text.includes(says), `it does not say ${says}`);
  for (const [path, wanted] of Object.entries(equals))
    assert.ok(isDeepStrictEqual(at(answer, path), filled(wanted, values)), `${path} is not ${JSON.stringify(wanted)}`);
  for (const [path, unwanted] of Object.entries(differs))
    assert.ok(!isDeepStrictEqual(at(answer, path), filled(unwanted, values)), `${path} is still ${unwanted}`);
  for (const [path, wanted] of Object.entries(has)) {
    const fields = Object.entries(filled(wanted, values));
    const found = at(answer, path).some((entry: Json) => fields.every(([name, value]) => entry[name] === value));
    assert.ok(found, `${path} has no ${JSON.stringify(wanted)}`);
  }
  for (const [name, path] of Object.entries(keep)) values[name] = at(answer, path);
  if (exchange.account) await accounts[exchange.account](orders, values);
}

/** With each `<name>` in its texts replaced; a text that is only that becomes the value itself. */
function filled(json: Json, values: Values): Json {
  if (Array.isArray(json)) return json.map((item) => filled(item, values));
  if (typeof json === "object" && json !== null)
    return Object.fromEntries(Object.entries(json).map(([name, inner]) => [name, filled(inner, values)]));
  if (typeof json !== "string") return json;
  const value = (name: string): Json => values[name] ?? assert.fail(`nothing is called <${name}> yet`);
  const whole = /^<(\w+)>$/.exec(json);
  return whole ? value(whole[1]!) : json.replace(/<(\w+)>/g, (_, name) => value(name));
}

function at(answer: Answer, path: string): Json {
  if (path.startsWith("@")) return answer.headers.get(path.slice(1));
  return path.split(".").reduce((value, name) => value?.[name], answer.body);
}

const login = ({ username, password }: Values) => ({ username, password });
const accounts = {
  async "logs in"(orders: Orders, values: Values) {
    assert.equal(await orders.login(login(values)), "accepted");
  },
  async "lives as long as its lease"(orders: Orders, values: Values) {
    const account = (await orders.ends()).find(({ role }) => role === values.username);
    assert.ok(account && account.end >= Date.parse(values.expireAt));
    assert.equal(await orders.login(login(values)), "accepted");
  },
  async "is gone"(orders: Orders, values: Values) {
    assert.equal((await orders.roles()).includes(values.username), false);
    assert.equal(await orders.login(login(values)), "refused");
  },
  /** Where the answer does not wait for it. */
  async "is gone soon"(orders: Orders, values: Values) {
    await orders.settled((await orders.roles()).filter((role) => role !== values.username));
    assert.equal(await orders.login(login(values)), "refused");
  },
};
