/**
 * What the answer to a deletion says of the leases that hung on the thing. Ours: official clients know `status` and
 * `statusDetails` of a dynamic secret, and ignore the rest.
 */
import { z } from "zod";

/** An account that somebody let go of by force before it was proven gone: what is needed to find it. */
const leftBehindAccount = z
  .object({
    leaseId: z.string(),
    /** The name of the account in the target. */
    externalEntityId: z.string(),
    /** Host and port. */
    target: z.string(),
    type: z.string(),
    dynamicSecretName: z.string(),
  })
  .meta({ id: "LeftBehindAccount" });

/** The same, for programs. */
export type LeftBehind = z.output<typeof leftBehindAccount>;

/** Reads one where an error's details carry it. */
export function leftBehindOf(details: unknown): LeftBehind | undefined {
  const read = z.object({ leftBehind: leftBehindAccount }).safeParse(details);
  return read.success ? read.data.leftBehind : undefined;
}

/** Of the deleted thing itself: "Revocation in process" while leases of it are being ended. */
export const removalStatus = {
  status: z.string().nullable().default(null),
  statusDetails: z.string().nullable().default(null),
};

/** Beside it: accounts that a forced deletion could not end; the first hundred, and how many there are. */
export const leftBehind = {
  leftBehind: z.array(leftBehindAccount).default([]),
  leftBehindCount: z.int().default(0),
};

/** Whether what cannot be ended within moments is left behind, on a list, instead of waited for. */
export const isForced = z.boolean().nullish().transform(Boolean).meta({
  description: "Do not wait for accounts that cannot be ended: they are listed, and still tried without end.",
});
