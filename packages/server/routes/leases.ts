/** Leases. The credential of a new one is in its answer and nowhere else; an answer that is lost takes the lease along. */
import { ownerOf } from "../access/ability.ts";
import type { Handlers } from "../handler.ts";
import { Refusal } from "../refusal.ts";

const DYNAMIC = "dynamic-secrets";
/** How long a lease goes on beside the one that it was handed over to. */
const GRACE_SECONDS = 60;

export const createLease: Handlers["createLease"] = async (ask, { engine }) => {
  const { body } = ask.input;
  const issued = await engine.issue(ask.caller, ask.place, body.dynamicSecretName, {
    ttlSeconds: body.ttl?.seconds ?? null,
    config: body.config,
    arrivedAt: ask.arrivedAt,
    idempotencyKey: ask.idempotencyKey,
    wait: body.wait ?? null,
    waitSeconds: body.waitFor?.seconds ?? null,
    purpose: body.purpose ?? null,
    ticket: body.ticket ?? null,
    labels: body.labels ?? {},
    heartbeatSeconds: body.heartbeat?.seconds ?? null,
  });
  ask.ifUndelivered(() => engine.undelivered(ask.caller, issued.lease.id));
  return issued;
};

export const renewLease: Handlers["renewLease"] = async ({ caller, input, place, idempotencyKey }, { engine }) => ({
  lease: await engine.renew(caller, place, input.params.leaseId, input.body.ttl?.seconds ?? null, idempotencyKey),
});

export const rotateLease: Handlers["rotateLease"] = async (ask, { engine }) => {
  const { params, body } = ask.input;
  // That the old one may be ended is decided already; that a new one may be made, here.
  if (!ask.may("lease-create", DYNAMIC)) {
    throw new Refusal(
      "PermissionDenied",
      "You are not allowed to make the lease that this one would be handed over to",
      {
        details: [{ action: "lease-create", subject: DYNAMIC }],
      },
    );
  }
  const issued = await engine.rotate(ask.caller, ask.place, params.leaseId, {
    ttlSeconds: body.ttl?.seconds ?? null,
    graceSeconds: body.grace?.seconds ?? GRACE_SECONDS,
    arrivedAt: ask.arrivedAt,
  });
  ask.ifUndelivered(() => engine.undelivered(ask.caller, issued.lease.id));
  return issued;
};

export const beatLease: Handlers["beatLease"] = async ({ input, place }, { engine }) => ({
  lease: await engine.beat(place, input.params.leaseId),
});

export const deleteLease: Handlers["deleteLease"] = async ({ caller, input, place }, { engine }) => {
  const { lease } = await engine.revoke(caller, place, input.params.leaseId, input.body.isForced);
  return { lease };
};

export const getLease: Handlers["getLease"] = async ({ input, place, note }, { engine }) => {
  const { lease, dynamicSecret } = await engine.lease(place, input.params.leaseId);
  note({ dynamicSecretId: dynamicSecret.id });
  return { lease: { ...lease, dynamicSecret } };
};

export const listLeases: Handlers["listLeases"] = async ({ input, place, may, note }, { engine }) => {
  const leases = (await engine.leases(place, input.params.name)).filter(({ owner }) =>
    may("lease-read", DYNAMIC, { owner: ownerOf(owner) }),
  );
  note({ count: leases.length });
  return { leases };
};
