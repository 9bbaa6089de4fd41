-- One row: whether the zone of a brand at the instant decided for is another one than that it is summed by.
select count(*) > 0 as any_rezoned
from brand_clock
inner join ops.summed_brands as summed using (brand_id)
where brand_clock.timezone <> summed.timezone
