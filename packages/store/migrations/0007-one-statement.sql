-- A lease's first transaction is one statement. Where a limit has no room, it fails as a whole and says what had room.
create function demand_room(room text[], wanted text[]) returns boolean language plpgsql as $$
begin
  if coalesce(cardinality(room), 0) < cardinality(wanted) then
    raise exception 'a limit of live leases is reached'
      using errcode = 'DF001', detail = array_to_string(coalesce(room, '{}'), ' ');
  end if;
  return true;
end $$;
