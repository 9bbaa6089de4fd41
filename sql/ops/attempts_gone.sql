-- One row: how many begun files are gone or have changed since. Reads seen_files.
select count(*) as gone
from ops.attempts
anti join seen_files using (name, bytes, changed_ns)
