-- One row per campaign that has a status: the one it has now.
create or replace temp table statuses as
select
    campaign_id,
    status,
    paused_until
from ops.campaign_status
