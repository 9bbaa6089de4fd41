-- One row per record of a CSV text of reference data, in order. `columns` names those of the header in their order.
create or replace temp table csv_rows as
select *
from read_csv(
    $path, columns = $columns, delim = ',', quote = '"', escape = '"', comment = '', header = false, skip = 1,
    auto_detect = false, compression = 'none', hive_partitioning = false, strict_mode = true
)
