-- A renewal is written before the target is touched. `renew_from`: the end that holds should it come to nothing, while one is
-- under way. `renew_by`: until when no other may begin, since something of this one could still land in the target.
alter table leases add column renew_from timestamptz, add column renew_by timestamptz;

-- Turns of renewals were rows of their own.
delete from writers where name like 'renew:%';
