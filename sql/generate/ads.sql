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
from range(1, $ads + 1) as ids (id)
