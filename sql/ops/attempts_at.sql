-- One row per file in seen_files that was begun in its present state and is not finished.
select
    seen.place,
    known.attempts,
    known.looks
from seen_files as seen
inner join ops.attempts as known using (name, bytes, changed_ns)
