-- One row per record of a CSV text with events: its typed values, or what is wrong with them. `columns` names those of
-- the header in their order; a last row without a line end is not trusted.
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
        instant_of(occurred_at_text) as occurred_at
    from read_csv(
        $path, columns = $columns, delim = ',', quote = '"', escape = '"', comment = '', header = false, skip = 1,
        auto_detect = false, compression = 'none', hive_partitioning = false, strict_mode = true,
        max_line_size = $max_line_size
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
    null as doubt,
    null as shape,
    null as unusual_keys
from typed
