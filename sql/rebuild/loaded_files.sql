-- One row per loaded file of events or payments.
select
    sha256,
    name
from raw.event_files
where outcome = 'LOADED'
