-- One row: when something was recorded last.
select recorded_at
from ops.revision
