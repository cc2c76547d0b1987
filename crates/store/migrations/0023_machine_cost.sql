-- Allocation takes the cheapest free machine: it walks along this.
create index node_by_cost on node (node_type, status, (cpu_count * 1024 + memory_mib), node_id) where owner_id is null;
