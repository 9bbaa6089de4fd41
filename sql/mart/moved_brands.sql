-- One row per brand whose spend was summed by another time zone, or by other rules for it, than those in force.
create or replace temp table moved_brands as
select summed.brand_id
from ops.summed_brands as summed
inner join core.brands on summed.brand_id = brands.brand_id and brands.valid_to is null
where
    summed.timezone <> brands.timezone
    or summed.timezone in (
        select superseded.timezone from core.superseded_utc_offsets as superseded
        where superseded.tzdata_version >= summed.tzdata_version
    )
