-- One row per brand whose spend was summed by another time zone, or by other rules for it, than those in force.
create or replace temp table moved_brands as
select summed.brand_id
from ops.summed_brands as summed
inner join core.brands on summed.brand_id = brands.brand_id and brands.valid_to is null
where
    summed.timezone <> brands.timezone
    or summed.tzdata_version <> (select max(tzdata_version) from core.utc_offsets)
