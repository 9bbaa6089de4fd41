-- One row per sealed file that has been verified: what was found. Reads files_verified.
merge into ops.sealed_file_states as states
using files_verified as found
    on states.name = found.name
when matched then
    update set
        state = found.state,
        bytes = found.bytes,
        changed_ns = found.changed_ns,
        verified_at = found.verified_at
when not matched then
    insert (name, state, bytes, changed_ns, verified_at)
    values (found.name, found.state, found.bytes, found.changed_ns, found.verified_at)
