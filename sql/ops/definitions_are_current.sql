-- One row: whether the newest definitions that made this file are these.
select last(sha256 order by rowid) = $sha256 as are_current
from ops.definitions
