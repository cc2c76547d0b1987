-- What TLS was and is: one row for each change, never changed itself but for being confirmed. Number 0 is the beginning: off.
-- The key of a generation is the secret `global/tls` of the same version. Chains are public.
create table tls_generation (
    generation bigint primary key,
    previous bigint references tls_generation (generation),
    port bigint,
    chain text,
    fingerprint text,
    is_site_issued bigint not null,
    -- Every region that was up has shown it once; from then on no region takes it back by itself.
    confirmed_us bigint,
    -- Why it was taken back.
    failure text,
    created_us bigint not null
);
insert into tls_generation (generation, previous, is_site_issued, confirmed_us, created_us) values (0, null, 0, 0, 0);

-- Which generation is meant.
create table tls_state (
    state_id bigint primary key check (state_id = 1),
    generation bigint not null references tls_generation (generation),
    -- Since when TLS is on without a break.
    enabled_since_us bigint,
    is_bootstrapped bigint not null,
    -- Why the site could not renew its own certificate; empty when it could.
    renewal_error text not null
);
insert into tls_state (state_id, generation, enabled_since_us, is_bootstrapped, renewal_error) values (1, 0, null, 0, '');

-- Each region's last word on the generation it was asked to show.
create table tls_applied (
    region text primary key,
    generation bigint not null,
    fingerprint text,
    error text,
    at_us bigint not null
);

-- The regions, and when each was last heard of.
create table region_seen (
    region text primary key,
    version text not null,
    http_port bigint,
    https_port bigint,
    started_us bigint not null,
    last_seen_us bigint not null
);
