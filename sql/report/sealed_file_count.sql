-- One row: how many sealed files the warehouse has.
select count(*) as sealed_files
from ops.sealed_files
