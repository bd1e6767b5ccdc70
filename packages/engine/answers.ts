/** What the engine answers with, about dynamic secrets and leases. No secret is in it but the one of `IssuedLease`. */
import type { bulkRevocations } from "@dayfly/store";

export interface KeyValue {
  key: string;
  value: string;
}

export interface DynamicSecretView {
  id: string;
  name: string;
  version: number;
  type: string;
  defaultTTL: string;
  maxTTL: string | null;
  folderId: string;
  status: string | null;
  statusDetails: string | null;
  createdAt: Date;
  updatedAt: Date;
  usernameTemplate: string | null;
  metadata: KeyValue[];
  /** What keeps new leases of it from being made, if anything does. */
  frozen: "dynamic-secret" | "project" | null;
  inputs?: Record<string, unknown>;
  gatewayId: null;
  gatewayV2Id: null;
}

export interface LeaseView {
  id: string;
  version: number;
  /** The account's name in the target. */
  externalEntityId: string;
  expireAt: Date;
  /** null while it lives; "Revocation in process" or "Failed to delete" while it ends. */
  status: string | null;
  statusDetails: string | null;
  dynamicSecretId: string;
  createdAt: Date;
  updatedAt: Date;
  config: Record<string, unknown> | null;
  owner: { type: string; id: string };
  /** Until when the next beat has to come; only where beats are expected. */
  beatBy?: Date;
}

/** A lease in a list over several dynamic secrets: where it hangs, or hung. */
export interface ListedLeaseView extends LeaseView {
  projectId: string;
  projectSlug: string | null;
  environmentSlug: string | null;
  path: string | null;
  dynamicSecretName: string;
  /** Of the dynamic secret: rights may depend on it. */
  metadata: KeyValue[];
  type: string;
  target: string;
  ownerName: string;
  purpose: string | null;
  ticket: string | null;
  labels: Record<string, string>;
  leftBehindAt: Date | null;
  /** Why it ended or ends; null while it lives. */
  reason: string | null;
  /** When its end began. */
  endedAt: Date | null;
  /** When its account was proven gone. */
  verifiedGoneAt: Date | null;
  /** What the page after this lease is asked for with. */
  cursor: string;
}

/** Everything that is known of one lease, long after. */
export interface LeaseHistoryView extends ListedLeaseView {
  /** Who ended it: an id, or a name. */
  endedBy: string | null;
  proof: { how: string; at: string; node: string } | null;
  sourceIp: string | null;
  userAgent: string | null;
  sessionsKilled: number;
  attempts: number;
  replaces: string | null;
  replacedBy: string | null;
}

/** Leases that one order is to end, as they are shown before it. */
export interface RevocationPreview extends bulkRevocations.Shown {
  /** The first hundred. */
  leases: ListedLeaseView[];
}

/** The one answer that carries a credential. */
export interface IssuedLease {
  lease: LeaseView;
  dynamicSecret: DynamicSecretView;
  data: Record<string, string>;
  /** Whether the account is known to work; only where that was waited for. */
  ready?: boolean;
  /** How long that took, or was waited for in vain. */
  readyAfterMs?: number;
}

/** An account that somebody let go of by force before it was proven gone: what is needed to find it. */
export interface LeftBehindView {
  leaseId: string;
  externalEntityId: string;
  /** Host and port. */
  target: string;
  type: string;
  dynamicSecretName: string;
}

/** What a deletion came to: null is all gone, or left behind. */
export interface Removal {
  status: string | null;
  statusDetails: string | null;
  /** The first hundred. */
  leftBehind: LeftBehindView[];
  leftBehindCount: number;
}

/** How a lease ended, when it has. */
export interface LeaseEnd {
  lease: LeaseView;
  /** When the account was proven gone; null while the target still takes its own time. */
  provenGoneAt: Date | null;
}
