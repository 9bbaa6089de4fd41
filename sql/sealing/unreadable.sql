-- One row per sealed file that cannot be read, and what to do.
select
    name,
    remedy
from ops.unreadable_sealed_files
