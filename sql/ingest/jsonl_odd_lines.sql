-- Lines of the JSONL file read in bulk that need a closer look; blank lines are none.
select
    rowid + 1 as line_number,
    line
from jsonl_lines
where odd and trim(line, e' \t\r\n') <> ''
order by line_number
