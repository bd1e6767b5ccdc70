/** How a route orders a deletion: the request's own row is written with it, and says how many leases it ends. */
import type { RemoveOptions } from "@dayfly/engine";
import type { Ask } from "./handler.ts";

/** The order of one request. */
export function orderOf({ note, record }: Pick<Ask, "note" | "record">, isForced: boolean): RemoveOptions {
  return {
    isForced,
    record: (tx, count) => {
      note({ count, ...(isForced ? { forced: true } : {}) });
      return record(tx);
    },
  };
}
