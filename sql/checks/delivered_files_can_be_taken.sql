-- Delivered files that were read three times or more and could not be taken, such as unreadable ones.
select
    name,
    failed_reads,
    waits_for
from internal.attempts
where failed_reads >= 3
