-- Settings that somebody has set; all others have the default of the table in the code. Values are JSON.
create table setting (
    name text primary key,
    value text not null,
    updated_us bigint not null
);

-- Secrets, sealed: what opens them is not in the database.
create table secret (
    path text not null,
    version bigint not null,
    key_id text not null,
    sealed bytea not null,
    created_us bigint not null,
    primary key (path, version)
);
