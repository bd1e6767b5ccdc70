-- Which targets are in trouble, for all nodes together: a row a host (no credential), and a row a login of an admin there.
create table targets (
  target_key bytea not null,
  -- Names the admin's login without telling it: a keyed digest. Empty: the host itself.
  credential bytea not null,
  address text not null,
  account text not null default '',
  failures integer not null default 0,
  pending_logins timestamptz[] not null default '{}',
  failed_logins timestamptz[] not null default '{}',
  error_class text,
  error text,
  opened_at timestamptz,
  probe_at timestamptz,
  touched_at timestamptz not null default lease_now(),
  primary key (target_key, credential),
  check ((opened_at is null) = (probe_at is null))
);
create index targets_troubled on targets (target_key) where opened_at is not null or failures > 0;
create index targets_touched on targets (touched_at);
-- People are told of what would not end; found without reading the rest.
create index leases_unheeded on leases (revoking_at) where state = 'revoking' and attention_at is null;
