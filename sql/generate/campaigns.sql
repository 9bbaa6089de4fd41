-- One row per made-up campaign; one in three has a dayparting window, some of them across midnight.
select
    id as campaign_id,
    1 + id % $brands as brand_id,
    'Campaign ' || id as name,
    case when id % 40 = 0 then 'PAUSED' else 'SCHEDULED' end as status,
    case when id % 3 = 0 then printf('%02d:00', id % 24) end as allowed_start,
    case when id % 3 = 0 then printf('%02d:30', (id % 24 + 6 + id % 7) % 24) end as allowed_end
from range(1, $campaigns + 1) as ids (id)
