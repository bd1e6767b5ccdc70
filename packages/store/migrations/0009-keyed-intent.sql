-- A lease's first transaction is one statement: it fails as a whole where its idempotency key is taken.
create function demand_key(free boolean) returns boolean language plpgsql as $$
begin
  if not free then raise exception 'the key is taken' using errcode = 'DF002'; end if;
  return true;
end $$;
