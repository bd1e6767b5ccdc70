/** People for tests: invited, with a password, and signed in, all by the API. */
import { randomBytes } from "node:crypto";
import type { Heard, TestServer } from "./server.ts";

/** A person who has accepted an invitation. */
export interface Person {
  id: string;
  email: string;
  password: string;
}

/** Signs in. */
export function signIn(
  server: TestServer,
  { email, password }: Pick<Person, "email" | "password">,
  headers = {},
): Promise<Heard> {
  return server.call("POST", "/api/v3/auth/login", { body: { email, password }, headers });
}

/** The token of a new session. */
export async function tokenOf(server: TestServer, person: Pick<Person, "email" | "password">): Promise<string> {
  const heard = await signIn(server, person);
  if (heard.status !== 200) throw new Error(JSON.stringify(heard.body));
  return heard.body.accessToken;
}

/** Invites somebody; the invitation is not accepted. */
export async function invite(
  server: TestServer,
  role = "member",
): Promise<{ id: string; email: string; link: string }> {
  const email = `person-${randomBytes(4).toString("hex")}@dayfly.test`;
  const heard = await server.call("POST", "/api/v1/organization/users", { token: server.admin, body: { email, role } });
  if (heard.status !== 200) throw new Error(JSON.stringify(heard.body));
  return { id: heard.body.user.id, email, link: heard.body.link.token };
}

/** Uses a link. */
export function accept(server: TestServer, link: string, password: string): Promise<Heard> {
  return server.call("POST", "/api/v1/users/accept-link", { body: { token: link, password } });
}

/** Invites somebody who accepts. */
export async function newPerson(server: TestServer, role = "member"): Promise<Person> {
  const { id, email, link } = await invite(server, role);
  const password = randomBytes(12).toString("base64url");
  const heard = await accept(server, link, password);
  if (heard.status !== 200) throw new Error(JSON.stringify(heard.body));
  return { id, email, password };
}
