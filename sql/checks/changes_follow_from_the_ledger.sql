-- Changes recorded since the last check that the ledger and the history do not give again.
select *
from underivable_changes
order by campaign_id, change_id
