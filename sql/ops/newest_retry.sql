-- One row: what came of the refused rows that were tried again last.
select
    rows_tried,
    rows_loaded,
    rows_duplicate,
    rows_rejected
from ops.retries
order by recorded_at desc
limit 1
