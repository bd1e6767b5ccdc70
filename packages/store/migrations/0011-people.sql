-- People: without a password until they have used their first link.
alter table users
  alter column password_hash drop not null,
  add column disabled_at timestamptz,
  add column updated_at timestamptz not null default lease_now();
-- One row a session, so that each can be seen and ended; only the digest of its token is stored.
create table user_sessions (
  id uuid primary key,
  user_id uuid not null references users on delete cascade,
  digest bytea not null unique,
  created_at timestamptz not null default lease_now(),
  last_used_at timestamptz not null default lease_now(),
  expires_at timestamptz not null,
  ip text,
  user_agent text
);
create index on user_sessions (user_id);
create index on user_sessions (expires_at);
-- The one link that lets somebody set a password; a new one takes the place of the last.
create table user_links (
  user_id uuid primary key references users on delete cascade,
  digest bytea not null unique,
  created_at timestamptz not null default lease_now(),
  expires_at timestamptz not null
);

alter table identities
  add column has_delete_protection boolean not null default false,
  add column metadata jsonb not null default '[]',
  add column disabled_at timestamptz;
-- Null is from anywhere.
alter table universal_auths
  add column client_secret_trusted_ips inet[],
  add column access_token_trusted_ips inet[];
-- What a renewal adds, and the age that no renewal passes. Seconds.
alter table access_tokens
  add column ttl integer not null default 2592000,
  add column max_ttl integer not null default 2592000;
-- Of somebody who is disabled: no lease of theirs begins any more.
alter table memberships add column suspended boolean not null default false;
