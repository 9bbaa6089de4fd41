-- Reference rows that the newest file no longer holds; their last version stays in force. Nobody has acknowledged it.
select *
from ops.open_missing_rows
