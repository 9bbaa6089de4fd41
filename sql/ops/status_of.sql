-- One row: the status a campaign has, and the instant last decided for.
select
    status,
    paused_until,
    (select arg_max(decided_at, decision_id) from ops.decisions) as decided_at
from ops.campaign_status
where campaign_id = $campaign_id
