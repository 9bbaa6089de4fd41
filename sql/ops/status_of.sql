-- One row: the status a campaign has.
select status
from ops.campaign_status
where campaign_id = $campaign_id
