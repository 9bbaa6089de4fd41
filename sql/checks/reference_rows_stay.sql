-- Reference rows that the newest file no longer holds; their last version stays in force. Nobody has acknowledged it.
select *
from internal.open_missing_rows
