-- Rows of events of the CSV file read in bulk: their typed values, or what is wrong with them. The header is line 1; a
-- last row without a line end is not trusted.
insert into arrived_events
with typed as (
    select
        rowid + 2 as line_number,
        csv_records.* exclude (ad_id, event_type, occurred_at),
        ad_id as ad_id_text,
        event_type as event_type_text,
        occurred_at as occurred_at_text,
        bigint_of(ad_id) as ad_id,
        event_type_of(event_type) as event_type,
        instant_of(occurred_at) as occurred_at
    from csv_records
)

select
    $file_id as file_id,
    line_number,
    event_id,
    ad_id,
    event_type,
    occurred_at,
    case
        when line_number = $cut_line::bigint then $cut_reason
        -- the rules for texts are slow, and needed only to say what is wrong with one
        when ad_id is null or event_type is null or occurred_at is null
            then event_text_fault(event_id, ad_id_text, event_type_text, occurred_at_text, $loaded_at::timestamptz)
        else event_fault(event_id, ad_id, event_type, occurred_at, $loaded_at::timestamptz)
    end as fault
from typed
