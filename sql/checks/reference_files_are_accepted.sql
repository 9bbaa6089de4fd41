-- Reference files that were refused whole and not replaced since; the version before them stays in force.
select
    name,
    reason,
    recorded_at
from ops.reference_files
qualify row_number() over (partition by kind order by file_id desc) = 1 and outcome = 'QUARANTINED'
