-- migration 1 core
create table key_ring (
    key_id {i64} not null primary key check (key_id between 1 and 65535),
    purpose {text} not null check (length(purpose) between 1 and 64),
    version {i64} not null check (version > 0),
    alg {i16} not null check (alg between 1 and 2),
    state {i16} not null check (state between 1 and 2),
    wrapped {bytes} not null,
    created_at {i64} not null,
    updated_at {i64} not null,
    unique (purpose, version)
) {strict};
create unique index key_ring_active on key_ring (purpose) where state = 1;
