-- The differences of one more moment. Reads differences.
insert into underivable_changes
select *
from differences
