-- The version in force ends where a newer one begins.
update core.brands as earlier
set valid_to = later.valid_from, superseded_at = later.recorded_at
from core.brands as later
where
    earlier.brand_id = later.brand_id
    and (earlier.valid_to is null or earlier.valid_to > later.valid_from)
    and later.valid_to is null
    and earlier.batch_id < later.batch_id
