-- One row per made-up event: mostly impressions, few ads with most of them, over the days before $now.
with numbers as (
    select
        id,
        hash(id, $seed) as dice,
        hash(id, $seed, 1) % 1000 as type_dice,
        (hash(id, $seed, 2) % 1000000) / 1000000.0 as skew
    from range($first, $first + $count) as ids (id)
)

select
    md5($seed::varchar || '-' || id)::uuid::varchar as event_id,
    1 + floor(skew * skew * $ads)::bigint as ad_id,
    case
        when type_dice < 800 then 'impression'
        when type_dice < 950 then 'view'
        when type_dice < 995 then 'click'
        else 'acquisition'
    end as event_type,
    $now::timestamptz - to_milliseconds((dice % ($days::bigint * 86400000))::bigint) as occurred_at
from numbers
