-- One row per line to be fetched as delivered, in order.
select line_number
from refusals
where file_id = $file_id
order by line_number
