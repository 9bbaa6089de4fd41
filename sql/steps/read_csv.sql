-- CSV texts, read in bulk.

-- name: events
-- One row per record of a CSV text with events: its typed values, what is wrong with them, or a doubt where it has more
-- or fewer fields than there are columns. `columns` names those of the header in their order, and one more that no
-- record may have; what is not there is null, and nothing that is there.
insert into bulk_events
with typed as (
    select
        #1 as first_field,
        event_id,
        ad_id as ad_id_text,
        event_type as event_type_text,
        occurred_at as occurred_at_text,
        bigint_of(ad_id_text) as ad_id,
        event_type_of(event_type_text) as event_type,
        instant_of(occurred_at_text) as occurred_at,
        columns(lambda field: field = $last_column) is null as is_short,
        columns(lambda field: field = $surplus_column) is not null as is_long
    from read_csv(
        $path, columns = $columns, delim = ',', quote = '"', escape = '"', comment = '', header = false, skip = 1,
        auto_detect = false, compression = 'none', hive_partitioning = false, strict_mode = true,
        null_padding = true, nullstr = e'\x01', max_line_size = $max_line_size
    )
)

select
    $file_id as file_id,
    event_id,
    ad_id,
    event_type,
    occurred_at,
    case
        when starts_with(first_field, chr(65279)) then $joined
        -- the rules for texts are slow, and needed only to say what is wrong with one
        when ad_id is null or event_type is null or occurred_at is null
            then event_text_fault(event_id, ad_id_text, event_type_text, occurred_at_text, $loaded_at::timestamptz)
        else event_fault(event_id, ad_id, event_type, occurred_at, $loaded_at::timestamptz)
    end as fault,
    case
        when
            is_short or is_long
            or event_id is null or ad_id_text is null or event_type_text is null or occurred_at_text is null
            then 'fields'
    end as doubt,
    null as shape,
    null as unusual_keys
from typed;

-- name: reference_rows
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
);

-- name: reference_row_count
-- One row: how many records the CSV text has, and how many of them have more or fewer fields than there are columns.
select
    count(*) as rows,
    count(*) filter (is_doubtful) as doubtful
from csv_rows;

-- name: numbered_reference_rows
-- One row per record of a CSV text of reference data each of whose lines is one; the header is line 1.
create or replace temp table delivered_rows as
select
    rowid + 2 as line_number,
    case when rowid + 2 = $cut_line::bigint then $cut_reason end as fault,
    * exclude (is_doubtful)
from csv_rows;
