-- Name of the file with these bytes that was loaded before, if there is one. What was read as another format, under a
-- wrong name, does not count: all its rows were refused.
select name
from raw.event_files
where
    sha256 = $sha256
    and kind = $kind
    and outcome = 'LOADED'
    and regexp_matches(lower(name), '[.]' || $format || '([.]gz)?$')
limit 1
