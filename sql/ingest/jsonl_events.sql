-- Rows of events of the JSONL file read in bulk, but for the odd ones: their typed values, or what is wrong with them.
insert into arrived_events
with typed as (
    select
        rowid + 1 as line_number,
        event,
        bigint_of(event.ad_id) as ad_id,
        event_type_of(event.event_type) as event_type,
        instant_of(event.occurred_at) as occurred_at
    from jsonl_lines
    where not odd
)

select
    $file_id as file_id,
    line_number,
    event.event_id as event_id,
    ad_id,
    event_type,
    occurred_at,
    case
        -- the rules for texts are slow, and needed only to say what is wrong with one
        when ad_id is null or event_type is null or occurred_at is null
            then event_text_fault(
                event.event_id, event.ad_id, event.event_type, event.occurred_at, $loaded_at::timestamptz
            )
        else event_fault(event.event_id, ad_id, event_type, occurred_at, $loaded_at::timestamptz)
    end as fault
from typed
