-- The clock behind each record is noted, and how many ignored keys a file had beyond those that are named.
alter table ops.revision add column clock_at timestamptz;
alter table raw.event_files add column ignored_more bigint;
update raw.event_files set ignored_more = 0;
