-- Events of the sealed days of the arrived ones, with an event_id that arrives again. An exact duplicate carries the
-- same time, so its own day is all that has to be looked through, however long the history is.
insert into sealed_twins
select
    event_id,
    ad_id,
    event_type,
    occurred_at,
    file_id,
    line_number
from read_parquet($paths, hive_partitioning = false)
semi join arrived_events using (event_id)
