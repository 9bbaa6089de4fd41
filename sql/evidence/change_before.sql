-- One row: the change of a campaign before the one given.
select *
from ops.campaign_status_changes
where campaign_id = $campaign_id and change_id < $change_id
order by change_id desc
limit 1
