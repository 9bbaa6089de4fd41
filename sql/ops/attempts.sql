-- One row per delivered file that was begun in its present state and is not finished. Reads seen_files.
merge into ops.attempts as known
using seen_files as begun
    on
        known.name = begun.name
        and known.bytes = begun.bytes
        and known.changed_ns = begun.changed_ns
when matched then update set attempts = known.attempts + 1
when not matched then
    insert (name, bytes, changed_ns, attempts, looks)
    values (begun.name, begun.bytes, begun.changed_ns, 1, 0)
