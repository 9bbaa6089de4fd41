-- One row per file with refused rows.
select distinct file_id
from refusals
order by file_id
