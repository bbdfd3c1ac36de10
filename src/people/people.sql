-- people.sql - organisations, users, roles, approvals and the audit (storage.md 6, core).
-- migration 1 core
create table org (
    org_id {i64} primary key,
    parent_id {i64} references org (org_id),
    kind {i16} not null check (kind between 1 and 7),
    status {i16} not null check (status in (1, 2)),
    uscc {text} unique check (length(uscc) between 15 and 20),
    name {text} not null check (length(name) between 1 and 200),
    created_at {i64} not null,
    updated_at {i64} not null,
    ver {i64} not null
) {strict};
create index org_by_parent on org (parent_id, org_id);
create index org_by_name on org (name, org_id);

create table app_user (
    user_id {i64} primary key,
    org_id {i64} not null references org (org_id),
    login {text} not null unique check (length(login) between 3 and 64),
    name {text} not null check (length(name) between 1 and 200),
    pw_hash {text} check (length(pw_hash) <= 200),
    status {i16} not null check (status in (1, 2)),
    fail_count {i64} not null check (fail_count >= 0),
    locked_until {i64} not null,
    created_at {i64} not null,
    updated_at {i64} not null,
    ver {i64} not null
) {strict};
create index app_user_by_org on app_user (org_id, user_id);

create table role (
    role_id {i64} primary key,
    org_id {i64} not null references org (org_id),
    name {text} not null check (length(name) between 1 and 200),
    created_at {i64} not null,
    unique (org_id, name)
) {strict};
create table role_perm (
    role_id {i64} not null references role (role_id),
    perm {text} not null check (length(perm) between 5 and 100),
    primary key (role_id, perm)
) {strict_without_rowid};
create table user_role (
    user_id {i64} not null references app_user (user_id),
    role_id {i64} not null references role (role_id),
    org_scope {i64} not null references org (org_id),
    created_at {i64} not null,
    primary key (user_id, role_id, org_scope)
) {strict_without_rowid};

create table approval (
    approval_id {i64} primary key,
    org_id {i64} not null references org (org_id),
    kind {text} not null check (length(kind) between 1 and 64),
    object {text} not null check (length(object) between 1 and 200),
    content {bytes} not null check (length(content) = 32),
    perm {text} not null check (length(perm) <= 100),
    maker {i64} not null,
    checkers {i64} not null check (checkers in (1, 2)),
    approved {i64} not null check (approved between 0 and checkers),
    reason {text} not null check (length(reason) between 1 and 2000),
    state {i16} not null check (state between 1 and 4),
    expires_at {i64} not null,
    created_at {i64} not null,
    updated_at {i64} not null,
    ver {i64} not null
) {strict};
create index approval_by_state on approval (state, org_id, approval_id);
create table approval_vote (
    approval_id {i64} not null references approval (approval_id),
    user_id {i64} not null references app_user (user_id),
    yes {i16} not null check (yes in (0, 1)),
    note {text} not null check (length(note) <= 2000),
    created_at {i64} not null,
    primary key (approval_id, user_id)
) {strict};
{append_only}

create table audit_head (
    stream {text} primary key check (length(stream) between 1 and 64),
    seq {i64} not null check (seq > 0),
    hash {bytes} not null check (length(hash) = 32)
) {strict};
create table audit_log (
    stream {text} not null check (length(stream) between 1 and 64),
    seq {i64} not null check (seq > 0),
    created_at {i64} not null,
    user_id {i64} not null,
    org_id {i64} not null,
    action {text} not null check (length(action) between 1 and 200),
    object {text} not null check (length(object) <= 200),
    result {text} not null check (length(result) <= 200),
    detail {text} not null check (length(detail) <= 4000),
    prev_hash {bytes} not null check (length(prev_hash) = 32),
    hash {bytes} not null check (length(hash) = 32),
    primary key (stream, seq)
) {strict};
{append_only}
create index audit_log_by_object on audit_log (stream, object, seq);
