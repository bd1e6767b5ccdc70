-- What people have been told of, to be counted without reading the rest; the others that are ending are leases_unheeded.
create index leases_heeded on leases (revoking_at) where state = 'revoking' and attention_at is not null;
