import { type ReplyOf, type RequestOf, routes, type WhereGiven } from "@dayfly/contract";
import type { Call } from "./wire.ts";

/** A dynamic secret as lists and leases tell it: no inputs. */
export type DynamicSecret = ReplyOf<typeof routes.listDynamicSecrets>["dynamicSecrets"][number];

// This client has no use for a target's admin credentials, so it never asks for them.
const rootCredentials = false;

/** Dynamic secrets: configured targets with their TTLs. */
export function dynamicSecretsGroup(call: Call) {
  return {
    list: async (query: WhereGiven) => (await call(routes.listDynamicSecrets, { query })).dynamicSecrets,
    get: async (name: string, where: WhereGiven) =>
      (await call(routes.getDynamicSecret, { params: { name }, query: { ...where, rootCredentials } })).dynamicSecret,
    /** Checks the inputs and tries them on the target before it is saved. */
    create: async (body: RequestOf<typeof routes.createDynamicSecret>["body"]) =>
      (await call(routes.createDynamicSecret, { query: { rootCredentials }, body })).dynamicSecret,
    /** Inputs are laid over the stored ones; leases that were issued keep what they have. */
    update: async (name: string, body: RequestOf<typeof routes.updateDynamicSecret>["body"]) =>
      (await call(routes.updateDynamicSecret, { params: { name }, query: { rootCredentials }, body })).dynamicSecret,
    /** Answers at once, its leases being revoked behind the answer; by force within seconds, with what is left behind. */
    delete: async (name: string, body: RequestOf<typeof routes.deleteDynamicSecret>["body"]) => {
      const { dynamicSecret, ...left } = await call(routes.deleteDynamicSecret, { params: { name }, body });
      return { ...dynamicSecret, ...left };
    },
  };
}
