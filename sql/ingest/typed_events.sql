-- One row per event row read as text: its typed values, or what is wrong with it.
insert into typed_events
select
    file_id,
    line_number,
    event_id,
    bigint_of(ad_id) as ad_id,
    event_type_of(event_type) as event_type,
    instant_of(occurred_at) as occurred_at,
    coalesce(fault, event_text_fault(event_id, ad_id, event_type, occurred_at, $loaded_at::timestamptz)) as fault
from event_texts
