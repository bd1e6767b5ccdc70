-- Wrong logins per client id and per address; a few within seconds bring a wait, on all nodes together.
create table login_attempts (
  key text primary key,
  tries integer not null default 1,
  since timestamptz not null default lease_now(),
  locked_until timestamptz
);
create index on login_attempts (since);
