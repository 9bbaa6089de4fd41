-- Refused rows of a Parquet file of reference data as JSON, in order.
select
    line_number,
    json_merge_patch(to_json(delivered), '{"line_number": null, "fault": null}')::varchar as raw
from delivered_rows as delivered
semi join (
    select line_number from judged_rows
    where reason is not null
) as refused
    using (line_number)
order by line_number
