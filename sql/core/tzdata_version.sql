-- One row: the tzdata release in the warehouse, null when there is none yet.
select max(tzdata_version) as tzdata_version
from core.utc_offsets
