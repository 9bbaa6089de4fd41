-- One row per refused row of the delivered reference file, in order: its line, and why.
select
    line_number,
    reason
from judged_rows
where reason is not null
order by line_number
