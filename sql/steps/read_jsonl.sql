-- JSON lines, read in bulk.

-- name: events
-- One row per line of a text of JSON lines with events: its typed values, what is wrong with them, or the line itself
-- where anything about it is in doubt; the reader of single rows says exactly what that is.
insert into bulk_events
with lines as (
    select line
    from read_csv(
        $path, columns = { 'line': 'varchar' }, delim = e'\x01', quote = '', escape = '', comment = '',
        header = false, auto_detect = false, compression = 'none', hive_partitioning = false,
        max_line_size = $max_line_size
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
        ) as event,
        case when event is not null then json_keys(line) end as keys
    from lines
),

typed as (
    select
        line,
        event,
        try_cast(event.ad_id as bigint) as ad_id,
        event_type_of(event.event_type) as event_type,
        instant_of(event.occurred_at) as occurred_at,
        case when keys = $usual_keys[1] then 1 else list_position($usual_keys, keys) end as shape,
        case when shape is null then keys end as unusual_keys
    from parsed
),

examined as (
    select
        *,
        -- each question is asked only of the lines that the ones before it leave
        case
            when ad_id is null or event.event_id is null or event.event_type is null or event.occurred_at is null
                then true
            -- the parser makes whole numbers of 1.5 and 1e3, and takes a comma before a last bracket
            when ad_id::varchar <> event.ad_id and bigint_of(event.ad_id) is null then true
            when not is_text_in_json(event.event_id) then true
            when event_type is null and not regexp_full_match(event.event_type, '[A-Za-z_]+') then true
            when occurred_at is null and event.occurred_at not like '____-__-__T%' then true
            when regexp_matches(line, ',\s*[}\]]') then true
            when shape is null and len(list_distinct(unusual_keys)) < len(unusual_keys) then true
            -- nested too deep, it has many brackets of one kind (cheap: one character is looked for), and more of both
            when
                (line like $many_braces or line like $many_brackets)
                and regexp_matches(line, '([{\[][^{\[]*){' || ($max_depth + 1) || '}')
                then length(without_leaves(without_leaves(brackets_of(line)))) > 2 * ($max_depth - 2)
            else false
        end as is_doubtful
    from typed
)

select
    $file_id as file_id,
    event.event_id as event_id,
    ad_id,
    event_type,
    occurred_at,
    case
        when is_doubtful then null
        -- the rules for texts are slow, and needed only to say what is wrong with one
        when event_type is null or occurred_at is null
            then event_text_fault(
                event.event_id, event.ad_id, event.event_type, event.occurred_at, $loaded_at::timestamptz
            )
        else event_fault(event.event_id, ad_id, event_type, occurred_at, $loaded_at::timestamptz)
    end as fault,
    case when is_doubtful then coalesce(line, '') end as doubt,
    shape,
    unusual_keys
from examined;

-- name: ignored_keys
-- Keys nobody asked for, of a file of JSON lines read in bulk, and how often each was met: the first $names, and a row
-- without a name for all others.
with usual as (
    select
        shape,
        count(*) as times
    from bulk_events
    where file_id = $file_id and doubt is null and shape is not null
    group by shape
),

met as (
    select
        unnest($usual_keys[shape]) as key,
        times
    from usual
    union all
    select
        unnest(unusual_keys) as key,
        1 as times
    from bulk_events
    where file_id = $file_id and doubt is null and shape is null
),

counted as (
    select
        key,
        sum(times)::bigint as times
    from met
    where key not in ('event_id', 'ad_id', 'event_type', 'occurred_at')
    group by key
),

named as (
    select
        key,
        times
    from counted
    order by key
    limit $names
)

select
    key,
    times
from named
union all
select
    null as key,
    (select sum(times) from counted)::bigint - (select sum(times) from named)::bigint as times
where (select count(*) from counted) > $names;
