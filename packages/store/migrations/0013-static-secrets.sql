-- Which tags a secret has.
create table secret_tags (
  secret_id uuid not null references secrets on delete cascade,
  tag_id uuid not null references tags on delete cascade,
  primary key (secret_id, tag_id)
);
create index on secret_tags (tag_id);

alter table secrets add column reminder_note text;
alter table secrets add column reminder_repeat_days integer;

-- What a secret was before each change, sealed again for this place. What it is now is in `secrets` alone.
create table secret_versions (
  secret_id uuid not null references secrets on delete cascade,
  version integer not null,
  key text not null,
  value bytea not null,
  comment bytea,
  skip_multiline_encoding boolean not null,
  metadata jsonb not null,
  written_at timestamptz not null,
  primary key (secret_id, version)
);

-- A caller's own value in the place of a secret's; "identity:<id>" or "user:<id>". It goes with the secret.
create table secret_overrides (
  id uuid primary key,
  secret_id uuid not null references secrets on delete cascade,
  project_id uuid not null references projects on delete cascade,
  owner text not null,
  value bytea not null,
  comment bytea,
  skip_multiline_encoding boolean not null default false,
  version integer not null default 1,
  created_at timestamptz not null default lease_now(),
  updated_at timestamptz not null default lease_now(),
  unique (secret_id, owner)
);
create index on secret_overrides (owner);

-- The secrets of another folder, read as if they were in this one. The source is a path and need not be there yet.
create table secret_imports (
  id uuid primary key,
  project_id uuid not null references projects on delete cascade,
  folder_id uuid not null references folders on delete cascade,
  source_environment_id uuid not null references environments on delete cascade,
  source_path text not null,
  position integer not null,
  version integer not null default 1,
  created_at timestamptz not null default lease_now(),
  updated_at timestamptz not null default lease_now(),
  unique (folder_id, source_environment_id, source_path)
);
create index on secret_imports (source_environment_id);

-- What the references in a configuration's inputs last led to: with it accounts are ended where the secret has gone since.
alter table config_versions add column resolved bytea;
