-- Whether all nodes have been looked at since the tag's definition was last changed; a job does, and goes on where a stop of
-- the region left it.
alter table tag add column is_evaluated bigint not null default 1;
