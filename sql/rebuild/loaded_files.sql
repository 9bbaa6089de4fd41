-- One row per file of events or payments that was loaded: the name of its staged copy.
select sha256
from raw.event_files
where outcome = 'LOADED'
