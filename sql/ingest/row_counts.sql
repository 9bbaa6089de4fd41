-- One row: how many rows the delivered reference file has, and how many of them were refused.
select
    count(*) as rows,
    count(reason) as refused
from judged_rows
