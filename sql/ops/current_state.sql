-- One row: the state of this file, by the number of its transactions and the time of the last.
select
    revision,
    recorded_at
from ops.revision
