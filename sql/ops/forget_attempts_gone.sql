-- Nothing is left of the attempts at files that are gone or have changed since. Reads seen_files.
delete from ops.attempts
where not exists (
    from seen_files as seen
    where seen.name = attempts.name and seen.bytes = attempts.bytes and seen.changed_ns = attempts.changed_ns
)
