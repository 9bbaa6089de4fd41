-- Name of the file with these bytes that was loaded before, if there is one.
select name
from raw.event_files
where sha256 = $sha256 and kind = $kind and outcome = 'LOADED'
limit 1
