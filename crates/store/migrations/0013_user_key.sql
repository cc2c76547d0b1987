-- Public SSH keys of users. The same key may stand once for each place it came from.
create table ssh_key (
    ssh_key_id bigint primary key,
    user_id bigint not null references user_account (user_id) on delete cascade,
    source text not null,
    kind text not null,
    fingerprint text not null,
    key text not null,
    sent text not null,
    comment text not null,
    created_us bigint not null,
    unique (user_id, source, fingerprint)
);

-- Certificates that users offer to machines. The digest is of the text, which is too long for an index.
create table ssl_key (
    ssl_key_id bigint primary key,
    user_id bigint not null references user_account (user_id) on delete cascade,
    key text not null,
    digest text not null,
    created_us bigint not null,
    unique (user_id, digest)
);
