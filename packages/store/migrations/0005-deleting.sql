-- A project, an environment or a folder that is being deleted is seen by nobody and its name is free, but its row stays
-- while an account that hangs on it is not yet proven gone.
alter table projects add column deleting boolean not null default false;
alter table environments add column deleting boolean not null default false;
alter table folders add column deleting boolean not null default false;

alter table projects drop constraint projects_slug_key;
create unique index projects_live_slug on projects (slug) where not deleting;
alter table environments drop constraint environments_project_id_slug_key;
create unique index environments_live_slug on environments (project_id, slug) where not deleting;
alter table folders drop constraint folders_environment_id_path_key;
create unique index folders_live_path on folders (environment_id, path) where not deleting;

-- Where a deleted dynamic secret was, as slugs and path: its leases are found there for as long as they are known.
alter table dynamic_secrets add column was_at jsonb;
-- Set by a forced deletion: a lease of it that cannot be ended does not hold what is above it.
alter table dynamic_secrets add column forced_at timestamptz;
create index dynamic_secrets_of_project on dynamic_secrets (project_id);

-- The list of accounts that a forced deletion left in their targets: still being ended, and looked through by people.
create index leases_left_behind on leases (created_at, id) where left_behind_at is not null and state <> 'gone';

-- Two more scopes are counted from now on: what lives already counts.
insert into counters (scope, live)
  select 'project:' || project_id, count(*) from leases where state <> 'gone' group by project_id
  union all
  select actor_type || ':' || actor_id, count(*) from leases where state <> 'gone' group by actor_type, actor_id
  on conflict (scope) do update set live = excluded.live;
