-- Rows of the reference files in force that were refused.
with in_force as (
    select
        file_id,
        name
    from internal.reference_files
    where outcome = 'LOADED'
    qualify row_number() over (partition by kind order by recorded_at desc) = 1
)

select
    in_force.name,
    rejected_rows.line_number,
    rejected_rows.reason,
    rejected_rows.raw
from raw.rejected_rows
inner join in_force using (file_id)
