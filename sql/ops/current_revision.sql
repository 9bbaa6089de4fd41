-- One row: the revision, 0 for a warehouse nothing was ever written to.
select coalesce(max(revision), 0) as revision
from ops.revision
