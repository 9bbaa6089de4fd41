-- One row per row in force of a reference table.
select id
from core.reference_rows
where table_name = $table_name
