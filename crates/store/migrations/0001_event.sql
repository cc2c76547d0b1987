-- The audit log: a chain of rows, and its head. The head also counts changes, which is how other processes notice them.
create table event (
    event_id bigint primary key,
    created_us bigint not null,
    level bigint not null,
    kind text not null,
    user_id bigint,
    username text not null,
    auth_method text not null,
    ip text,
    user_agent text not null,
    endpoint bigint not null,
    trace_id text not null,
    action text not null,
    object_type text not null,
    object_id text not null,
    outcome text not null,
    description text not null,
    details text not null,
    hash text not null
);
create index event_by_user on event (user_id, event_id);

create table event_head (
    head_id bigint primary key check (head_id = 1),
    last_event_id bigint not null,
    last_hash text not null,
    changes bigint not null
);
insert into event_head (head_id, last_event_id, last_hash, changes) values (1, 0, '', 0);
