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
from range(1, $brands + 1) as ids (id)
