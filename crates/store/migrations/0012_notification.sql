-- Notices to people.
create table notification (
    notification_id bigint primary key,
    ident text unique,
    user_id bigint references user_account (user_id) on delete cascade,
    for_users bigint not null,
    for_admins bigint not null,
    message text not null,
    context text not null,
    category text not null,
    is_dismissable bigint not null,
    -- How long a dismissal holds; null is for ever.
    returns_after_us bigint,
    created_us bigint not null,
    updated_us bigint not null
);

-- Who has put which notice away.
create table notification_dismissal (
    notification_id bigint not null references notification (notification_id) on delete cascade,
    user_id bigint not null references user_account (user_id) on delete cascade,
    dismissed_us bigint not null,
    primary key (notification_id, user_id)
);
