-- One row per record of a CSV text of reference data, in order. `columns` names those of the header in their order, and
-- one more that no record may have; what is not there is null, and nothing that is there.
create or replace temp table csv_rows as
select
    * exclude (surplus_field),
    columns(lambda field: field = $last_column) is null or surplus_field is not null as is_doubtful
from read_csv(
    $path, columns = $columns, delim = ',', quote = '"', escape = '"', comment = '', header = false, skip = 1,
    auto_detect = false, compression = 'none', hive_partitioning = false, strict_mode = true,
    null_padding = true, nullstr = e'\x01'
)
