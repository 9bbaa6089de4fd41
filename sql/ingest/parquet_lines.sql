-- Refused rows of a Parquet file as JSON, in order.
select
    delivered.file_row_number + 1 as line_number,
    to_json(delivered)::varchar as raw
from read_parquet($path, file_row_number = true, hive_partitioning = false) as delivered
semi join refusals
    on refusals.file_id = $file_id and refusals.line_number = delivered.file_row_number + 1
order by line_number
