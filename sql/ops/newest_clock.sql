-- One row: what the clock said when something was recorded last.
select coalesce(clock_at, recorded_at) as clock_at
from ops.revision
