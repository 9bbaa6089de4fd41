-- The version in force ends where a newer one begins.
update core.ad_sets as earlier
set valid_to = later.valid_from, superseded_at = later.recorded_at
from core.ad_sets as later
where
    earlier.ad_set_id = later.ad_set_id
    and (earlier.valid_to is null or earlier.valid_to > later.valid_from)
    and later.valid_to is null
    and earlier.batch_id < later.batch_id
