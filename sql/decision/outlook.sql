-- One row: how many campaigns were looked at, how many would change, and when the next change is expected.
select
    count(*) as campaigns,
    count(*) filter (where campaign_id in (select campaign_id from hops)) as due,
    min(next_change_at) as next_change_at
from decided
