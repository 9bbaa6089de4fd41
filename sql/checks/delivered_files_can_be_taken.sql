-- Delivered files that were looked at three times or more and could not be taken, such as unreadable ones.
select
    name,
    looks,
    waits_for
from ops.attempts
where looks >= 3
