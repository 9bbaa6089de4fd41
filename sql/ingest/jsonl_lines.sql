-- One row per line of a clean JSONL file of events, in order. `odd` lines are left to the row-by-row reader, which
-- says exactly what is wrong with them; a line is only taken from here when nothing about it is in doubt.
create or replace temp table jsonl_lines as
with lines as (
    select line
    from read_csv(
        $path, columns = { 'line': 'varchar' }, delim = e'\x01', quote = '', escape = '', comment = '',
        header = false, auto_detect = false, compression = 'none', hive_partitioning = false
    )
),

parsed as (
    select
        line,
        try(
            from_json(
                line,
                '{"event_id":"VARCHAR","ad_id":"VARCHAR","event_type":"VARCHAR","occurred_at":"VARCHAR"}'
            )
        ) as event
    from lines
),

judged as (
    select
        line,
        event,
        -- Letter for letter what writers make of these values: no key can be there twice, nothing can be nested, and
        -- nothing is left to look at. Two thirds of the time of the other rules below.
        event is not null and coalesce(
            line in (
                concat(
                    '{"event_id":"', event.event_id, '","ad_id":', try_cast(event.ad_id as bigint),
                    ',"event_type":"', event.event_type, '","occurred_at":"', event.occurred_at, '"}'
                ),
                concat(
                    '{"event_id": "', event.event_id, '", "ad_id": ', try_cast(event.ad_id as bigint),
                    ', "event_type": "', event.event_type, '", "occurred_at": "', event.occurred_at, '"}'
                )
            ),
            false
        ) as is_plain,
        case when not is_plain then try(json_keys(line)) end as keys
    from parsed
)

select
    event,
    keys as unusual_keys,
    case
        when is_plain then false
        when not coalesce(regexp_full_match(event.ad_id, '-?[0-9]+'), false) then true
        when coalesce(lower(event.event_type), '') not in ('click', 'impression', 'view', 'acquisition') then true
        when not coalesce(event.occurred_at like '____-__-__T%', false) then true
        -- from_json makes text of booleans, objects and other numbers: only a plain string or a whole number is an id
        when not coalesce(regexp_full_match(event.event_id, '[0-9]+|[^{\[]*[^0-9.eE+\-{\[].*'), false) then true
        when event.event_id in ('true', 'false', 'NaN', 'Infinity', '-Infinity') then true
        -- the parser takes a comma before the last brace
        when regexp_matches(line, ',\s*[}\]]') then true
        else len(list_distinct(keys)) < len(keys) or length(line) - length(translate(line, '{[', '')) > 32
    end as odd,
    case when odd then line end as line
from judged
