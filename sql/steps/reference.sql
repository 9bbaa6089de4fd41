-- The rows of one reference file, between reading and its versions.

-- name: text_rows
-- No row yet of a CSV text that is read one by one.
create or replace temp table delivered_rows as
select *
from text_rows
limit 0;

-- name: add_text_rows
-- Rows of reference data read one by one, handed over as Arrow.
insert into delivered_rows by name
select * from text_rows;

-- name: complete_rows
-- One row per row of the file, with the columns that it need not have and has not, empty.
create or replace temp view complete_rows as
from delivered_rows
union all by name
from absent_columns;

-- name: refuse_repeated
-- The first sound row of an id stays; another one contradicts or repeats it.
update validated_rows
set reason = format('{} {} is there twice', $key, key_text)
where
    reason is null
    and line_number <> (
        select min(first_one.line_number) from validated_rows as first_one
        where first_one.key = validated_rows.key and first_one.reason is null
    );

-- name: delivered
-- One row per sound row of the delivered reference file, typed as in its table.
create or replace temp table delivered as
select * exclude (line_number, key_text, key, reason)
from validated_rows
where reason is null;

-- name: row_counts
-- One row: how many rows the delivered reference file has, and how many of them were refused.
select
    count(*) as rows,
    count(reason) as refused
from validated_rows;

-- name: refused_rows
-- One row per refused row of the delivered reference file, in order: its line, and why.
select
    line_number,
    reason
from validated_rows
where reason is not null
order by line_number;

-- name: refused_rows_as_json
-- Refused rows of a Parquet file of reference data as JSON, in order.
select
    line_number,
    json_merge_patch(to_json(delivered), '{"line_number": null, "fault": null}')::varchar as raw
from delivered_rows as delivered
semi join (
    select line_number from validated_rows
    where reason is not null
) as refused
    using (line_number)
order by line_number;
