-- Users, and how they show who they are. Ids are never given twice, since the audit log names them.
create table id_sequence (
    name text primary key,
    last bigint not null
);

create table site (
    site_id bigint primary key check (site_id = 1),
    key_check text not null
);

create table user_account (
    user_id bigint primary key,
    username text not null unique,
    username_folded text not null unique,
    email text unique,
    full_name text not null,
    password_hash text,
    role text not null,
    is_active bigint not null,
    is_local bigint not null,
    is_system bigint not null,
    completed_intro bigint not null,
    last_login_us bigint,
    created_us bigint not null,
    updated_us bigint not null,
    version bigint not null
);

create table session (
    session_id bigint primary key,
    key_hash text not null unique,
    user_id bigint not null references user_account (user_id) on delete cascade,
    created_us bigint not null,
    last_seen_us bigint not null,
    expires_us bigint not null,
    ip text,
    user_agent text not null
);
create index session_by_user on session (user_id, session_id);
create index session_by_end on session (expires_us);

create table api_key (
    api_key_id bigint primary key,
    user_id bigint not null references user_account (user_id) on delete cascade,
    name text not null,
    consumer_key text not null unique,
    token_key text not null unique,
    secret_hash text not null,
    created_us bigint not null,
    expires_us bigint,
    last_used_us bigint,
    last_used_ip text
);
create index api_key_by_user on api_key (user_id, api_key_id);

create table token (
    token_id bigint primary key,
    user_id bigint not null references user_account (user_id) on delete cascade,
    name text not null,
    prefix text not null,
    token_hash text not null unique,
    scope text not null,
    created_us bigint not null,
    expires_us bigint not null,
    last_used_us bigint,
    last_used_ip text
);
create index token_by_user on token (user_id, token_id);
