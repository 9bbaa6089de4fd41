-- One row per accepted event or payment that waits for its ad, its brand or a price.
insert into core.unpriced by name
select *
from still_waiting
