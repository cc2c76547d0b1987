-- What a script looks at, by which machines sum up their tests: 0 node, 1 CPU, 2 memory, 3 storage, 4 network, 5 GPU.
alter table script_result add column hardware_type bigint not null default 0;
