-- One row: when the transaction under way is recorded, later than all before it.
select greatest($clock::timestamptz, max(recorded_at) + interval 1 microsecond) as recorded_at
from ops.revision
