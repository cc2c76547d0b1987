-- Jobs of the site: who runs each now, until when that is believed, and how it went last.
create table job (
    name text primary key,
    holder text,
    lease_us bigint,
    started_us bigint,
    ended_us bigint,
    outcome text not null,
    message text not null,
    runs bigint not null,
    failures bigint not null,
    next_us bigint not null
);

-- What is wanted of a node's power and not done yet; one wish a node, the latest.
create table node_power_task (
    node_id bigint primary key references node (node_id) on delete cascade,
    action text not null,
    requested_us bigint not null,
    requested_by text not null,
    attempts bigint not null,
    next_us bigint not null,
    holder text,
    lease_us bigint
);
create index node_power_task_by_time on node_power_task (next_us);

-- What a rack is asked to carry out on a node: commission, test, deploy, erase, rescue.
create table node_step (
    node_id bigint primary key references node (node_id) on delete cascade,
    step text not null,
    parameters text not null,
    requested_us bigint not null,
    requested_by text not null,
    attempts bigint not null,
    next_us bigint not null,
    holder text,
    lease_us bigint
);
create index node_step_by_time on node_step (next_us);
