-- One row per time zone there is.
select distinct timezone
from core.utc_offsets
