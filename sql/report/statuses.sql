-- One row per campaign, for scripts.
select *
from ops.campaign_status
where $brand_id is null or brand_id = $brand_id
order by campaign_id
