/** People who sign in. */
import { newPerson, tokenOf } from "../people.ts";
import type { Kind } from "./kinds.ts";
import type { Lab } from "./lab.ts";

/** A new person of a role in the organization, signed in. */
export async function signedIn({ server }: Pick<Lab, "server">, role: Kind["org"]) {
  const person = await newPerson(server, role);
  return { ...person, token: await tokenOf(server, person) };
}
