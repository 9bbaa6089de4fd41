-- The version in force ends where a newer one begins.
update core.global_ad_pricing as earlier
set valid_to = later.valid_from, superseded_at = later.recorded_at
from core.global_ad_pricing as later
where
    earlier.effective_from = later.effective_from
    and (earlier.valid_to is null or earlier.valid_to > later.valid_from)
    and later.valid_to is null
    and earlier.batch_id < later.batch_id
