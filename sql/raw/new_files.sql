-- One row per file that lies in a delivery folder in another state than it was last taken in.
with last_taken as (
    select
        name,
        bytes,
        changed_ns,
        reason
    from ops.delivered_files
    semi join seen_files using (name)
    qualify row_number() over (partition by name order by file_id desc) = 1
)

select seen.place
from seen_files as seen
anti join last_taken as taken
    on
        seen.name = taken.name
        and seen.bytes = taken.bytes
        and seen.changed_ns = taken.changed_ns
        -- a file refused only for the company it kept has its chance when that is gone
        and (
            not starts_with(coalesce(taken.reason, ''), $delivered_twice)
            or starts_with(coalesce(seen.refusal, ''), $delivered_twice)
        )
order by seen.place
