-- One row per record of a CSV text of reference data each of whose lines is one; the header is line 1.
create or replace temp table delivered_rows as
select
    rowid + 2 as line_number,
    case when rowid + 2 = $cut_line::bigint then $cut_reason end as fault,
    * exclude (is_doubtful)
from csv_rows
