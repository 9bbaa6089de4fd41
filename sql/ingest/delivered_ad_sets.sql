-- Sound rows of the delivered file of ad sets, typed.
create or replace temp table delivered as
select * exclude (valid_from, valid_to, batch_id, recorded_at, superseded_at)
from core.ad_sets
limit 0
