-- Sealed files that are damaged or missing, and what to do.
select
    name,
    day,
    state,
    remedy
from internal.unreadable_sealed_files
order by name
