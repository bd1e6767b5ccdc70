-- The one clock: everything that decides by time asks it (a guard against jumps can be put here later).
create function lease_now() returns timestamptz language sql stable as 'select now()';

-- Keys. Only wrapped key material; the root key is never here.
create table keys (
  id integer primary key generated always as identity,
  purpose text not null check (purpose in ('instance', 'organization', 'project')),
  owner_id uuid,
  wrapped bytea not null,
  created_at timestamptz not null default lease_now()
);
create unique index on keys (purpose, coalesce(owner_id, '00000000-0000-0000-0000-000000000000'));
-- A known text under the root key: a wrong key is told apart before anything is touched.
create table sentinel (one boolean primary key default true check (one), instance_id uuid not null, sealed bytea not null);

create table organizations (
  id uuid primary key,
  name text not null,
  slug text not null unique,
  created_at timestamptz not null default lease_now()
);
create table users (
  id uuid primary key,
  email text not null unique,
  name text not null,
  password_hash text not null,
  org_role text not null check (org_role in ('admin', 'member', 'no-access')),
  created_at timestamptz not null default lease_now()
);
create table identities (
  id uuid primary key,
  name text not null,
  org_role text not null check (org_role in ('admin', 'member', 'no-access')),
  created_at timestamptz not null default lease_now(),
  updated_at timestamptz not null default lease_now()
);
create table universal_auths (
  id uuid primary key,
  identity_id uuid not null unique references identities on delete cascade,
  client_id uuid not null unique,
  access_token_ttl integer not null default 2592000,
  access_token_max_ttl integer not null default 2592000,
  access_token_num_uses_limit integer not null default 0,
  created_at timestamptz not null default lease_now(),
  updated_at timestamptz not null default lease_now()
);
create table client_secrets (
  id uuid primary key,
  universal_auth_id uuid not null references universal_auths on delete cascade,
  digest bytea not null unique,
  prefix text not null,
  description text not null default '',
  num_uses integer not null default 0,
  num_uses_limit integer not null default 0,
  ttl integer not null default 0,
  revoked boolean not null default false,
  created_at timestamptz not null default lease_now(),
  updated_at timestamptz not null default lease_now()
);
-- Only the digest of a token is stored.
create table access_tokens (
  digest bytea primary key,
  identity_id uuid not null references identities on delete cascade,
  client_secret_id uuid references client_secrets on delete cascade,
  created_at timestamptz not null default lease_now(),
  expires_at timestamptz not null,
  num_uses integer not null default 0,
  num_uses_limit integer not null default 0,
  revoked_at timestamptz
);
create index on access_tokens (expires_at);

create table projects (
  id uuid primary key,
  organization_id uuid not null references organizations,
  name text not null,
  slug text not null unique,
  type text not null default 'secret-manager',
  description text,
  has_delete_protection boolean not null default false,
  created_at timestamptz not null default lease_now(),
  updated_at timestamptz not null default lease_now()
);
-- roles: [{"role": "admin"}] or [{"role": "lease-only", "secrets": [{"environment", "path", "name"}]}]
create table memberships (
  id uuid primary key,
  project_id uuid not null references projects on delete cascade,
  actor_type text not null check (actor_type in ('identity', 'user')),
  actor_id uuid not null,
  roles jsonb not null,
  created_at timestamptz not null default lease_now(),
  unique (project_id, actor_type, actor_id)
);
create table environments (
  id uuid primary key,
  project_id uuid not null references projects on delete cascade,
  name text not null,
  slug text not null,
  position integer not null,
  created_at timestamptz not null default lease_now(),
  updated_at timestamptz not null default lease_now(),
  unique (project_id, slug)
);
-- path is canonical: "/" for the root of an environment, else "/a/b" without a final slash.
create table folders (
  id uuid primary key,
  project_id uuid not null references projects on delete cascade,
  environment_id uuid not null references environments on delete cascade,
  parent_id uuid references folders on delete cascade,
  name text not null,
  path text not null,
  description text not null default '',
  version integer not null default 1,
  created_at timestamptz not null default lease_now(),
  updated_at timestamptz not null default lease_now(),
  unique (environment_id, path)
);
create index on folders (parent_id);
create table secrets (
  id uuid primary key,
  project_id uuid not null references projects on delete cascade,
  environment_id uuid not null references environments on delete cascade,
  folder_id uuid not null references folders on delete cascade,
  key text not null,
  value bytea not null,
  comment bytea,
  version integer not null default 1,
  skip_multiline_encoding boolean not null default false,
  metadata jsonb not null default '[]',
  created_at timestamptz not null default lease_now(),
  updated_at timestamptz not null default lease_now(),
  unique (folder_id, key)
);

-- No cascade below: nothing above a lease can be deleted away from under it. A deleted dynamic secret lets go of its folder
-- when its last account is proven gone; the row stays, as the history of its leases.
create table dynamic_secrets (
  id uuid primary key,
  project_id uuid not null,
  environment_id uuid references environments,
  folder_id uuid references folders,
  name text not null,
  type text not null,
  version integer not null default 1,
  config_version integer not null default 1,
  default_ttl text not null,
  default_ttl_seconds integer not null,
  max_ttl text,
  max_ttl_seconds integer,
  username_template text,
  metadata jsonb not null default '[]',
  deleting boolean not null default false,
  created_at timestamptz not null default lease_now(),
  updated_at timestamptz not null default lease_now(),
  check (deleting or (environment_id is not null and folder_id is not null))
);
create unique index dynamic_secrets_live_name on dynamic_secrets (folder_id, name) where not deleting;
-- Immutable: an edit adds a row, so a lease always finds the host and the statements it was made with.
create table config_versions (
  dynamic_secret_id uuid not null references dynamic_secrets,
  version integer not null,
  target_key bytea not null,
  address text not null,
  inputs bytea not null,
  advice text,
  created_at timestamptz not null default lease_now(),
  primary key (dynamic_secret_id, version)
);
create index on config_versions (target_key);

-- Live leases per scope ("dynamic-secret:<id>"); raised by the last statement of a lease's first transaction.
create table counters (scope text primary key, live integer not null default 0 check (live >= 0));

create table leases (
  id uuid primary key,
  project_id uuid not null,
  dynamic_secret_id uuid not null,
  config_version integer not null,
  target_key bytea not null,
  username text not null,
  lease_config jsonb not null default '{}',
  keep bytea,
  created_at timestamptz not null default lease_now(),
  updated_at timestamptz not null default lease_now(),
  revoking_at timestamptz,
  answer_by timestamptz not null,
  late_until timestamptz not null,
  join_at timestamptz,
  expires_at timestamptz not null,
  native_until timestamptz,
  beat_every integer,
  beat_by timestamptz,
  state text not null default 'intended' check (state in ('intended', 'active', 'revoking', 'gone')),
  fence_no integer not null default 1,
  due_at timestamptz,
  attempts integer not null default 0,
  error_class text,
  error text,
  attention_at timestamptz,
  fenced_at timestamptz,
  sessions_killed integer not null default 0,
  reason text check (reason in ('expired', 'asked', 'create-failed', 'client-left', 'missed-beat', 'replaced', 'cascade',
    'bulk', 'found-gone')),
  ended_by text,
  gone_at timestamptz,
  proof jsonb,
  left_behind_at timestamptz,
  actor_type text not null,
  actor_id uuid not null,
  actor_name text not null,
  source_ip text,
  user_agent text,
  purpose text,
  ticket text,
  labels jsonb not null default '{}',
  rehearsal boolean not null default false,
  replaces uuid references leases,
  replaced_by uuid references leases,
  foreign key (dynamic_secret_id, config_version) references config_versions on delete restrict,
  check ((state = 'gone') = (due_at is null)),
  check ((state = 'gone') = (gone_at is not null)),
  check (state <> 'gone' or proof is not null)
);
create unique index leases_live_name on leases (target_key, username) where state <> 'gone';
create index leases_due on leases (target_key, due_at) where due_at is not null;
create index leases_of_secret on leases (dynamic_secret_id, created_at) where state <> 'gone';

-- One row per act, in the transaction of what it records; linked in commit order by one sealer at a time.
create table audit_events (
  id uuid primary key,
  txid xid8 not null default pg_current_xact_id(),
  body text not null,
  mac bytea not null
);
create table audit_links (
  sequence bigint primary key,
  event_id uuid not null unique,
  link bytea not null
);
create index audit_events_txid on audit_events (txid);
-- Work that one node at a time does: the audit sealer; later a group of accounts that share one access list.
create table writers (
  name text primary key,
  holder text not null,
  fence_no bigint not null default 1,
  until timestamptz not null
);
