-- One row per made-up ad set.
select
    id as ad_set_id,
    1 + id % $campaigns as campaign_id,
    'Ad set ' || id as name,
    true as is_active
from range(1, $ad_sets + 1) as ids (id)
