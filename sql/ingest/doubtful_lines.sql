-- Lines of a file read in bulk that need a closer look, some at a time; blank lines are none.
select
    rowid - $before_first as line_number,
    doubt
from bulk_events
where file_id = $file_id and rowid > $after + $before_first and trim(doubt, e' \t\r\n') <> ''
order by line_number
limit $rows
