-- The last attempt at some files does not count: it ended for a reason that has nothing to do with them. Reads
-- seen_files.
update ops.attempts as known
set attempts = known.attempts - 1
from seen_files as begun
where known.name = begun.name and known.bytes = begun.bytes and known.changed_ns = begun.changed_ns
