-- One row: the limits by which files were read at a recorded time; none before limits were noted.
select * exclude (recorded_at)
from ops.reading_limits
where recorded_at <= $recorded_at
order by recorded_at desc
limit 1
