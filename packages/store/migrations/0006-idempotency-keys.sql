-- What a create or a renewal came to under a caller's own key, so that it can be asked again without being done twice.
-- No foreign key to the lease: a key is forgotten after a day, a lease after its history.
create table idempotency_keys (
  digest bytea primary key,
  body bytea not null,
  lease_id uuid not null,
  renewed_until timestamptz,
  used_at timestamptz not null default lease_now()
);
create index idempotency_keys_used on idempotency_keys (used_at);

-- A lease that is forgotten takes no other along, and its links are found without reading the whole table.
alter table leases
  drop constraint leases_replaces_fkey,
  drop constraint leases_replaced_by_fkey,
  add constraint leases_replaces_fkey foreign key (replaces) references leases on delete set null,
  add constraint leases_replaced_by_fkey foreign key (replaced_by) references leases on delete set null;
create index leases_replaces on leases (replaces) where replaces is not null;
create index leases_replaced_by on leases (replaced_by) where replaced_by is not null;
