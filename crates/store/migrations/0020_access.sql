-- Who may do what and where: roles, groups, and the bindings that join them to pools or to the whole site.
alter table user_account add column realm text not null default 'local';
alter table user_account add column subject text;
update user_account set subject = cast(user_id as text);
create unique index user_account_identity on user_account (realm, subject);

create table resource_pool (
    pool_id bigint primary key,
    name text not null unique,
    description text not null,
    created_us bigint not null,
    updated_us bigint not null,
    version bigint not null
);
insert into resource_pool (pool_id, name, description, created_us, updated_us, version)
values (0, 'default', 'Default pool', 0, 0, 1);

-- The actions of built-in roles are the program's; `actions` of the others are words with blanks between them.
create table role (
    role_id bigint primary key,
    name text not null unique,
    description text not null,
    is_builtin bigint not null,
    actions text not null,
    created_us bigint not null,
    updated_us bigint not null,
    version bigint not null
);
insert into role (role_id, name, description, is_builtin, actions, created_us, updated_us, version)
values (1, 'administrator', '', 1, '', 0, 0, 1), (2, 'operator', '', 1, '', 0, 0, 1),
    (3, 'user', '', 1, '', 0, 0, 1), (4, 'auditor', '', 1, '', 0, 0, 1);
insert into id_sequence (name, last) values ('role', 99);

create table user_group (
    group_id bigint primary key,
    name text not null unique,
    description text not null,
    is_builtin bigint not null,
    created_us bigint not null,
    updated_us bigint not null,
    version bigint not null
);
insert into user_group (group_id, name, description, is_builtin, created_us, updated_us, version)
values (1, 'Administrators', 'They administer the site.', 1, 0, 0, 1),
    (2, 'Users', 'Everybody else, unless taken out.', 1, 0, 0, 1);
insert into id_sequence (name, last) values ('user_group', 99);

create table user_group_member (
    group_id bigint not null references user_group (group_id) on delete cascade,
    user_id bigint not null references user_account (user_id) on delete cascade,
    created_us bigint not null,
    primary key (group_id, user_id)
);
create index user_group_member_by_user on user_group_member (user_id);
insert into user_group_member (group_id, user_id, created_us)
select case role when 'administrator' then 1 else 2 end, user_id, 0 from user_account where is_system = 0;

-- Exactly one of user and group; no pool means the whole site.
create table role_binding (
    role_binding_id bigint primary key,
    role_id bigint not null references role (role_id),
    user_id bigint references user_account (user_id) on delete cascade,
    group_id bigint references user_group (group_id) on delete cascade,
    pool_id bigint references resource_pool (pool_id) on delete cascade,
    reason text not null,
    expires_us bigint,
    created_us bigint not null,
    created_by text not null,
    check ((user_id is null) <> (group_id is null))
);
create unique index role_binding_once on role_binding
    (role_id, coalesce(user_id, -1), coalesce(group_id, -1), coalesce(pool_id, -1));
create index role_binding_by_user on role_binding (user_id);
create index role_binding_by_group on role_binding (group_id);
insert into role_binding (role_binding_id, role_id, user_id, group_id, pool_id, reason, expires_us, created_us, created_by)
values (1, 1, null, 1, null, '', null, 0, ''), (2, 3, null, 2, null, '', null, 0, '');
insert into id_sequence (name, last) values ('role_binding', 99);

-- Every binding beside every user whom it reaches.
create view user_role as
select b.user_id, b.role_binding_id, b.role_id, b.pool_id, b.expires_us, b.group_id
from role_binding b where b.user_id is not null
union all
select m.user_id, b.role_binding_id, b.role_id, b.pool_id, b.expires_us, b.group_id
from role_binding b join user_group_member m on m.group_id = b.group_id;

alter table user_account drop column role;

-- A token may hold less than its owner: one role's actions, some pools, some networks.
alter table token add column role_id bigint references role (role_id);
alter table token add column networks text not null default '';
create table token_pool (
    token_id bigint not null references token (token_id) on delete cascade,
    pool_id bigint not null references resource_pool (pool_id) on delete cascade,
    primary key (token_id, pool_id)
);
alter table token add column is_pool_bound bigint not null default 0;

-- When the password was last shown in a session: what is dangerous asks for it again.
alter table session add column proved_us bigint not null default 0;

-- Changes of machines are counted apart: they wake those who look at machines and empty no cache of rights.
alter table event_head add column node_changes bigint not null default 0;
create index event_by_object on event (object_type, object_id, event_id);
