-- Reference rows that the newest file no longer holds; their last version stays in force.
select *
from ops.missing_rows
