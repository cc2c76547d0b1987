-- Machines, devices and (later) controllers, and what they are made of.
create table zone (
    zone_id bigint primary key,
    name text not null unique,
    description text not null,
    created_us bigint not null,
    updated_us bigint not null,
    version bigint not null
);
insert into zone (zone_id, name, description, created_us, updated_us, version) values (1, 'default', '', 0, 0, 1);
insert into id_sequence (name, last) values ('zone', 1);

create table domain (
    domain_id bigint primary key,
    name text not null unique,
    is_authoritative bigint not null,
    ttl bigint,
    created_us bigint not null,
    updated_us bigint not null,
    version bigint not null
);
insert into domain (domain_id, name, is_authoritative, ttl, created_us, updated_us, version)
values (0, 'maas', 1, null, 0, 0, 1);

create table tag (
    tag_id bigint primary key,
    name text not null unique,
    definition text not null,
    comment text not null,
    kernel_opts text not null,
    created_us bigint not null,
    updated_us bigint not null,
    version bigint not null
);

create table node (
    node_id bigint primary key,
    system_id text not null unique,
    node_type bigint not null,
    hostname text not null,
    domain_id bigint not null references domain (domain_id),
    description text not null,
    owner_id bigint references user_account (user_id),
    -- None for devices and controllers.
    pool_id bigint references resource_pool (pool_id),
    zone_id bigint not null references zone (zone_id),
    parent_id bigint references node (node_id) on delete cascade,
    -- Life cycle.
    status bigint not null,
    previous_status bigint not null,
    status_expires_us bigint,
    status_message text not null,
    error_description text not null,
    is_locked bigint not null,
    is_commissioned bigint not null,
    is_dynamic bigint not null,
    agent_name text not null,
    -- Workload annotations, a JSON object of texts.
    owner_data text not null,
    netboot bigint not null,
    osystem text not null,
    distro_series text not null,
    hwe_kernel text not null,
    min_hwe_kernel text not null,
    is_ephemeral bigint not null,
    has_hw_sync bigint not null,
    has_crash_dump bigint not null,
    is_dpu bigint not null,
    deployed_us bigint,
    -- Hardware. Sizes: MHz, MiB, bytes.
    architecture text not null,
    cpu_count bigint not null,
    cpu_speed bigint not null,
    memory_mib bigint not null,
    swap_bytes bigint,
    storage_bytes bigint not null,
    disk_count bigint not null,
    hardware_uuid text,
    bios_boot_method text,
    boot_interface_id bigint,
    boot_disk_id bigint,
    boot_mac text,
    -- Names and addresses with blanks around each, sorted, for lists; the truth is in node_tag and interface.
    tag_names text not null,
    ip_addresses text not null,
    -- Power. Parameters are a JSON object; secret ones are sealed under `node/<node_id>/power`.
    power_type text not null,
    power_parameters text not null,
    power_state text not null,
    power_state_us bigint,
    power_queried_us bigint,
    power_error text not null,
    -- Status of the latest scripts by kind, -1 for none; a JSON object.
    script_status text not null,
    created_us bigint not null,
    updated_us bigint not null,
    version bigint not null
);
create unique index node_hostname on node (hostname, domain_id);
create index node_by_pool on node (pool_id, node_id);
create index node_by_owner on node (owner_id, node_id);
create index node_by_status on node (node_type, status, node_id);
create index node_by_zone on node (zone_id);
create index node_by_parent on node (parent_id);
create index node_by_expiry on node (status_expires_us) where status_expires_us is not null;
create index node_by_poll on node (power_queried_us);
create index node_by_update on node (updated_us);

-- What lists show of a node's hardware, rendered once when it changes: `body` is a piece of its JSON in API 2.0.
-- `inventory` is what of it has no table of its own, `facts` are lshw's and LLDP's XML, which tags look at; JSON objects.
create table node_document (
    node_id bigint primary key references node (node_id) on delete cascade,
    body text not null,
    inventory text not null,
    facts text not null
);

create table node_tag (
    node_id bigint not null references node (node_id) on delete cascade,
    tag_id bigint not null references tag (tag_id) on delete cascade,
    -- Set by the tag's definition rather than by somebody.
    is_automatic bigint not null,
    primary key (node_id, tag_id)
);
create index node_tag_by_tag on node_tag (tag_id, node_id);

create table interface (
    interface_id bigint primary key,
    node_id bigint not null references node (node_id) on delete cascade,
    name text not null,
    kind text not null,
    mac_address text,
    is_enabled bigint not null,
    -- Mbit/s
    link_speed bigint not null,
    interface_speed bigint not null,
    is_connected bigint not null,
    numa_node bigint,
    vendor text not null,
    product text not null,
    firmware_version text not null,
    tags text not null,
    -- JSON: parameters, links, names of parents.
    params text not null,
    links text not null,
    parents text not null,
    mtu bigint not null,
    sriov_max_vf bigint not null
);
create unique index interface_name on interface (node_id, name);
create unique index interface_mac on interface (mac_address) where kind = 'physical';
create index interface_by_mac on interface (mac_address);

create table block_device (
    block_device_id bigint primary key,
    node_id bigint not null references node (node_id) on delete cascade,
    name text not null,
    kind text not null,
    model text not null,
    serial text not null,
    id_path text,
    size_bytes bigint not null,
    block_bytes bigint not null,
    firmware_version text,
    numa_node bigint,
    tags text not null,
    -- JSON: a filesystem on the whole disk; the partition table with its partitions.
    filesystem text,
    partitions text
);
create unique index block_device_name on block_device (node_id, name);

-- Runs of scripts, as far as lists and pages show them.
create table script_set (
    script_set_id bigint primary key,
    node_id bigint not null references node (node_id) on delete cascade,
    result_type bigint not null,
    power_state text not null,
    last_ping_us bigint,
    created_us bigint not null
);
create index script_set_by_node on script_set (node_id, result_type, script_set_id);
create table script_result (
    script_result_id bigint primary key,
    script_set_id bigint not null references script_set (script_set_id) on delete cascade,
    script_name text not null,
    status bigint not null,
    exit_status bigint,
    output text not null,
    stdout text not null,
    stderr text not null,
    result text not null,
    parameters text not null,
    is_suppressed bigint not null,
    started_us bigint,
    ended_us bigint,
    updated_us bigint not null
);
create index script_result_by_set on script_result (script_set_id, script_result_id);
