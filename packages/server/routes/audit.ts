/** The audit trail: whether anybody changed it. */
import { auditChain } from "@dayfly/store";
import type { Handlers } from "../handler.ts";

export const verifyAuditLogs: Handlers["verifyAuditLogs"] = async ({ note }, { store }) => {
  const found = await auditChain.verifyAudit(store);
  note({ count: found.rows });
  return found;
};
