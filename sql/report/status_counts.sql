-- One row per status that campaigns have: how many.
select
    status,
    count(*) as campaigns
from ops.campaign_status
where $brand_id is null or brand_id = $brand_id
group by status
order by
    campaigns desc,
    status asc
