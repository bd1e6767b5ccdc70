-- A project's leases page by page, newest first: those that have not ended, and the history of those that have. A row is in
-- one of the two, and in the history's indexes once.
create index leases_listed on leases (project_id, created_at, id) where state <> 'gone';
create index leases_history on leases (project_id, created_at, id) where state = 'gone';
-- Whose was that account, long after: by the beginning of its name, or of its holder's.
create index leases_history_name on leases (project_id, lower(username) text_pattern_ops) where state = 'gone';
create index leases_history_holder on leases (project_id, lower(actor_name) text_pattern_ops) where state = 'gone';

-- One order to revoke many leases, and the leases that it was shown. They are only made due, some at a time.
create table bulk_revocations (
  id uuid primary key,
  project_id uuid not null,
  actor_type text not null,
  actor_id uuid,
  actor_name text not null,
  request_id text not null,
  source_ip text,
  user_agent text,
  reason text not null,
  ordered_at timestamptz not null default lease_now(),
  -- When the last of its leases had been made due.
  moved_at timestamptz
);
create index bulk_revocations_open on bulk_revocations (ordered_at) where moved_at is null;
-- No foreign key to the lease: a lease is forgotten after its history.
create table bulk_revocation_leases (
  revocation_id uuid not null references bulk_revocations on delete cascade,
  lease_id uuid not null,
  moved boolean not null default false,
  primary key (revocation_id, lease_id)
);
create index bulk_revocation_leases_left on bulk_revocation_leases (revocation_id, lease_id) where not moved;

-- Who froze it, when and why: {"by": {"type", "id", "name"}, "at", "reason"}. A lease's first transaction holds the row of its
-- dynamic secret and of its holder's membership, so it is refused or comes before. A project's freeze is also noted at each
-- of its dynamic secrets, so that the project's row need not be held for each lease.
alter table projects add column frozen jsonb;
alter table memberships add column frozen jsonb;
alter table dynamic_secrets add column frozen jsonb, add column project_frozen boolean not null default false;
