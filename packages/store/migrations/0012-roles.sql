-- Roles of a project's own making. permissions: [{"subject", "action": [], "conditions", "inverted"}]
create table roles (
  id uuid primary key,
  project_id uuid not null references projects on delete cascade,
  slug text not null,
  name text not null,
  description text not null default '',
  permissions jsonb not null,
  created_at timestamptz not null default lease_now(),
  updated_at timestamptz not null default lease_now(),
  unique (project_id, slug)
);

-- A grant has an id from now on, and may end: [{"id", "role", "secrets", "roleId", "temporary": {"range", "start", "end"}}].
-- ends_at: when the last role ends, if all of them do and the member's leases have not been ended for it.
-- custom_roles: the "roleId"s again, so that a request finds its rules in the look-up that finds its project.
alter table memberships
  add column custom_roles uuid[] not null default '{}',
  add column ends_at timestamptz,
  add column updated_at timestamptz not null default lease_now();
update memberships m set roles = (
  select coalesce(jsonb_agg(g.one || jsonb_build_object('id', gen_random_uuid()) order by g.at), '[]')
  from jsonb_array_elements(m.roles) with ordinality as g (one, at));
create index on memberships (ends_at) where ends_at is not null;

alter table projects add column audit_logs_retention_days integer;

create table tags (
  id uuid primary key,
  project_id uuid not null references projects on delete cascade,
  slug text not null,
  name text not null,
  color text not null default '',
  created_at timestamptz not null default lease_now(),
  updated_at timestamptz not null default lease_now(),
  unique (project_id, slug)
);
