-- work.sql - jobs, what leaves the house and what comes in (storage.md 4 and 6, core).
-- migration 1 core
create table job (
    job_id {i64} primary key,
    kind {text} not null check (length(kind) between 1 and 64),
    job_key {text} not null check (length(job_key) <= 200),
    args {text} not null,
    cron {text} not null check (length(cron) <= 200),
    org_id {i64} not null,
    state {i16} not null check (state between 1 and 4),
    run_at {i64} not null,
    tries {i64} not null check (tries >= 0),
    tries_max {i64} not null check (tries_max between 1 and 20),
    owner {text} not null check (length(owner) <= 64),
    fence {i64} not null check (fence >= 0),
    lease_until {i64} not null,
    done {i64} not null,
    total {i64} not null,
    result {text} not null,
    created_at {i64} not null,
    updated_at {i64} not null,
    check ((state = 2) = (owner <> ''))
) {strict};
create unique index job_by_key on job (job_key) where job_key <> '';
create index job_ready on job (state, run_at, job_id);

create table outbox (
    message_id {i64} primary key,
    channel {text} not null check (length(channel) between 1 and 64),
    msg_id {text} not null check (length(msg_id) between 1 and 200),
    ref {text} not null check (length(ref) <= 200),
    body {bytes} not null,
    body_hash {bytes} not null check (length(body_hash) = 32),
    state {i16} not null check (state between 1 and 3),
    tries {i64} not null check (tries >= 0),
    next_at {i64} not null,
    sent_at {i64} not null,
    said {text} not null,
    created_at {i64} not null,
    updated_at {i64} not null,
    unique (channel, msg_id)
) {strict};
create index outbox_due on outbox (channel, state, message_id);

create table inbox (
    message_id {i64} primary key,
    channel {text} not null check (length(channel) between 1 and 64),
    sender {text} not null check (length(sender) <= 64),
    type {text} not null check (length(type) between 1 and 64),
    msg_id {text} not null check (length(msg_id) between 1 and 200),
    body {bytes} not null,
    body_hash {bytes} not null check (length(body_hash) = 32),
    variant {i64} not null check (variant >= 0),
    created_at {i64} not null,
    unique (channel, sender, type, msg_id, variant)
) {strict};
{append_only}
