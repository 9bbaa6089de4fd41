-- Events and payments that have waited for their ad, their brand or a price for more than a day.
select *
from core.unpriced
where waiting_since < (select recorded_at from ops.revision) - interval 1 day
order by waiting_since
