-- One row per row in force of every reference table.
select
    table_name,
    id
from core.reference_rows
