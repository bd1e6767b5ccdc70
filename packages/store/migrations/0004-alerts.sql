-- What people are to be told, durable with what it tells of. A claim is a due_at ahead, as for leases.
create table alerts (
  id uuid primary key,
  kind text not null,
  raised_at timestamptz not null default lease_now(),
  facts jsonb not null,
  due_at timestamptz not null default lease_now(),
  attempts integer not null default 0,
  fence_no integer not null default 1
);
create index on alerts (due_at);
