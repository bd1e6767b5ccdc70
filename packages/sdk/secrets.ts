import { type ReplyOf, type RequestOf, routes } from "@dayfly/contract";
import type { Call } from "./wire.ts";

/** A static secret, with its value. */
export type Secret = ReplyOf<typeof routes.getSecret>["secret"];

/** Static secrets of a folder. */
export function secretsGroup(call: Call) {
  return {
    list: async (query: RequestOf<typeof routes.listSecrets>["query"]) =>
      (await call(routes.listSecrets, { query })).secrets,
    get: async (secretName: string, query: RequestOf<typeof routes.getSecret>["query"]) =>
      (await call(routes.getSecret, { params: { secretName }, query })).secret,
    create: async (secretName: string, body: RequestOf<typeof routes.createSecret>["body"]) =>
      (await call(routes.createSecret, { params: { secretName }, body })).secret,
    update: async (secretName: string, body: RequestOf<typeof routes.updateSecret>["body"]) =>
      (await call(routes.updateSecret, { params: { secretName }, body })).secret,
    delete: async (secretName: string, body: RequestOf<typeof routes.deleteSecret>["body"]) =>
      (await call(routes.deleteSecret, { params: { secretName }, body })).secret,
  };
}
