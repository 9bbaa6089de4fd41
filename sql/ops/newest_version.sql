-- One row: the version of this file.
select max(version) as version
from ops.migrations
