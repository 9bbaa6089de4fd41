-- One row per record of a clean CSV file of events, in order. `columns` names the header's columns in their order.
create or replace temp table csv_records as
select
    event_id,
    ad_id,
    event_type,
    occurred_at
from read_csv(
    $path, columns = $columns, delim = ',', quote = '"', escape = '"', comment = '', header = false, skip = 1,
    auto_detect = false, compression = 'none', hive_partitioning = false, strict_mode = true
)
