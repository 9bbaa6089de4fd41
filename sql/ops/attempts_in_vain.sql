-- The attempt at a file has ended: it could not be taken, and will be looked at again.
update ops.attempts
set attempts = 0, looks = looks + 1, waits_for = $waits_for
where name = $name and bytes = $bytes and changed_ns = $changed_ns
