/** The audit trail: what is in it, and whether anybody changed it. */
import { auditChain, auditReads } from "@dayfly/store";
import type { Handlers, House } from "../handler.ts";

const LIMIT = 50;

type Asked = auditReads.AuditFilter & { limit?: number; cursor?: string };

async function read({ store }: House, { limit = LIMIT, cursor, ...filter }: Asked) {
  const before = cursor === undefined ? undefined : BigInt(cursor);
  const { rows, next } = await auditReads.page(store, filter, { limit, before });
  const auditLogs = rows.map(({ sequence, event, outcome, actor, projectId, requestId, ip, ...row }) => ({
    ...{ sequence, event, outcome, actor, projectId, reqId: requestId, ipAddress: ip },
    ...{ userAgent: row.userAgent, metadata: row.detail, createdAt: row.at, hash: row.hash },
  }));
  return { auditLogs, nextCursor: next };
}

export const listAuditLogs: Handlers["listAuditLogs"] = async ({ input, note }, house) => {
  const answer = await read(house, input.query);
  note({ count: answer.auditLogs.length });
  return answer;
};

export const listProjectAuditLogs: Handlers["listProjectAuditLogs"] = async ({ input, project, note }, house) => {
  const answer = await read(house, { ...input.query, projectId: project.id });
  note({ count: answer.auditLogs.length });
  return answer;
};

export const verifyAuditLogs: Handlers["verifyAuditLogs"] = async ({ input, note }, { store }) => {
  const from = BigInt(input.query.from ?? 1);
  const to = input.query.to === undefined ? undefined : BigInt(input.query.to);
  const found = await auditChain.verifyAudit(store, from - 1n, to);
  note({ count: found.rows });
  return {
    ...found,
    from: found.rows > 0 ? String(from) : null,
    to: found.head?.sequence ?? null,
  };
};
