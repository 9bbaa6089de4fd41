-- A made-up world of any size, for `spendgate generate` and the benchmarks.

-- name: brands
-- One row per made-up brand, in 20 time zones, one in ten without a limit.
select
    id as brand_id,
    'Brand ' || id as name,
    case when id % 10 = 0 then null else (50 + hash(id, $seed) % 2000)::decimal(18, 2) end as daily_budget,
    case when id % 10 < 3 then null else (1000 + hash(id, $seed, 1) % 40000)::decimal(18, 2) end
        as monthly_budget,
    [
        'UTC', 'America/New_York', 'America/Los_Angeles', 'America/Sao_Paulo', 'America/St_Johns', 'Europe/London',
        'Europe/Paris', 'Europe/Berlin', 'Europe/Istanbul', 'Africa/Cairo', 'Africa/Lagos', 'Asia/Dubai',
        'Asia/Kolkata', 'Asia/Kathmandu', 'Asia/Shanghai', 'Asia/Tokyo', 'Australia/Sydney', 'Australia/Lord_Howe',
        'Pacific/Auckland', 'Pacific/Chatham'
    ][1 + id % 20] as timezone,
    'team-' || id % 7 as owner,
    id % 50 <> 0 as is_active
from range(1, $brands + 1) as ids (id);

-- name: campaigns
-- One row per made-up campaign; one in three has a dayparting window, some of them across midnight.
select
    id as campaign_id,
    1 + id % $brands as brand_id,
    'Campaign ' || id as name,
    case when id % 40 = 0 then 'PAUSED' else 'SCHEDULED' end as status,
    case when id % 3 = 0 then printf('%02d:00', id % 24) end as allowed_start,
    case when id % 3 = 0 then printf('%02d:30', (id % 24 + 6 + id % 7) % 24) end as allowed_end
from range(1, $campaigns + 1) as ids (id);

-- name: ad_sets
-- One row per made-up ad set.
select
    id as ad_set_id,
    1 + id % $campaigns as campaign_id,
    'Ad set ' || id as name,
    true as is_active
from range(1, $ad_sets + 1) as ids (id);

-- name: ads
-- One row per made-up ad; one in four has prices of its own.
select
    id as ad_id,
    1 + id % $ad_sets as ad_set_id,
    'Ad ' || id as name,
    true as is_active,
    null as media_file,
    null as content,
    case when id % 4 = 0 then (10000 + hash(id, $seed) % 490000) * 0.000001::decimal(18, 9) end as cost_per_click,
    case when id % 4 = 0 then (10000 + hash(id, $seed, 1) % 2000000) * 0.000001::decimal(18, 6) end as cost_per_mille,
    null as cost_per_view,
    case when id % 8 = 0 then (1 + hash(id, $seed, 2) % 50)::decimal(18, 9) end as cost_per_acquisition
from range(1, $ads + 1) as ids (id);

-- name: global_ad_pricing
-- One row: default prices from the beginning on.
select
    '2000-01-01T00:00:00Z' as effective_from,
    '0.05' as cost_per_click,
    '0.40' as cost_per_mille,
    '0.002' as cost_per_view,
    '5.00' as cost_per_acquisition;

-- name: events
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
from numbers;
