-- One row per change that is due, in order.
select
    hops.campaign_id,
    decided.brand_id,
    hops.from_status,
    hops.to_status,
    hops.reason
from hops
inner join decided using (campaign_id)
order by hops.campaign_id, hops.step
