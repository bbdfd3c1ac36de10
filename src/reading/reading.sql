-- reading.sql - the interval store (reading.h). Blobs stand in plain rowid tables with integer keys
-- (keys.h says how they are made): key order follows arrival, day first, and a settlement scans them
-- in place order.

-- migration 1 series

create table point_place (
    shard {i64} not null,
    point_id {i64} not null,
    place {i64} not null check (place >= 0),
    created_at {i64} not null,
    primary key (shard, point_id)
) {strict_without_rowid};
create unique index point_place_place on point_place (shard, place);

-- The evidence: append only.
create table intake_journal (
    entry_key {i64} primary key,
    shard {i64} not null,
    source {text} not null check (length(source) between 1 and 200),
    batch_id {i64} not null,
    n {i64} not null check (n > 0),
    hash {bytes} not null,
    refused {bytes} not null,
    packed {bytes} not null,
    received_at {i64} not null
) {strict};
create unique index intake_batch on intake_journal (shard, source, batch_id);

-- Up to which entry of a shard's journal the chunks are made.
create table fold_position (
    shard {i64} primary key,
    entry_key {i64} not null,
    updated_at {i64} not null
) {strict};

create table day_chunk (
    chunk_key {i64} primary key,
    shard {i64} not null,
    data {bytes} not null
) {strict};

create table register_chunk (
    chunk_key {i64} primary key,
    shard {i64} not null,
    data {bytes} not null
) {strict};

-- One point's month; the newest version has the least key of its place.
create table month_block (
    block_key {i64} primary key,
    shard {i64} not null,
    snapshot {i64} not null,
    reason {text} not null check (length(reason) <= 500),
    created_at {i64} not null,
    data {bytes} not null
) {strict};

-- What lost, or was in force once: one row for each different value.
create table reading_history (
    shard {i64} not null,
    point_id {i64} not null,
    day {i64} not null,
    slot {i16} not null,
    series {i16} not null,
    rank {i16} not null,
    value {i64} not null,
    q {i64} not null,
    filed_at {i64} not null,
    primary key (shard, point_id, day, slot, series, rank, value)
) {strict_without_rowid};

create table reading_change (
    change_id {i64} primary key,
    shard {i64} not null,
    point_id {i64} not null,
    day {i64} not null,
    slot {i16} not null,
    old_value {i64} not null,
    new_value {i64} not null,
    old_q {i64} not null,
    new_q {i64} not null,
    old_rank {i16} not null,
    new_rank {i16} not null,
    kind {i16} not null,
    state {i16} not null check (state in (1, 2, 3)),
    reason {text} not null check (length(reason) <= 500),
    user_id {i64} not null,
    approver_id {i64} not null,
    created_at {i64} not null,
    decided_at {i64} not null
) {strict};
create unique index reading_change_open on reading_change
    (shard, point_id, day, slot, kind, new_rank, new_value) where state = 1;
create index reading_change_slot on reading_change (shard, point_id, day, slot);
create index reading_change_state on reading_change (state, change_id);

-- migration 2 series

-- Readings that came late and wait to be merged into their chunks (late.h).
create table late_chunk (
    chunk_key {i64} primary key,
    shard {i64} not null,
    data {bytes} not null
) {strict};

-- migration 3 series

-- What one call of an edit or an estimate asked for: how, from what, why. Its changes name it.
create table reading_proposal (
    proposal_id {i64} primary key,
    shard {i64} not null,
    point_id {i64} not null,
    day {i64} not null,
    slot {i16} not null,
    n_slots {i64} not null check (n_slots > 0),
    kind {i16} not null,
    method {i16} not null,
    total {i64} not null,
    sources {text} not null,
    reason {text} not null check (length(reason) <= 500),
    user_id {i64} not null,
    created_at {i64} not null
) {strict};
alter table reading_change add column proposal_id {i64} not null default 0;
create index reading_change_proposal on reading_change (proposal_id, change_id);

-- The work list: what a check found, and what became of it.
create table reading_finding (
    finding_id {i64} primary key,
    shard {i64} not null,
    point_id {i64} not null,
    day {i64} not null,
    slot {i16} not null,
    n_slots {i64} not null check (n_slots > 0),
    rule {i16} not null,
    value {i64} not null,
    limit_value {i64} not null,
    state {i16} not null check (state between 1 and 5),
    user_id {i64} not null,
    reason {text} not null check (length(reason) <= 500),
    created_at {i64} not null,
    decided_at {i64} not null
) {strict};
create unique index reading_finding_place on reading_finding (shard, point_id, day, slot, rule);
create index reading_finding_state on reading_finding (state, finding_id);
