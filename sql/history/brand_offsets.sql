-- One row per brand and period in which its offset from UTC stays the same, of those that overlap some days. Few for a
-- brand, so that joining costs to them is cheap. Reads all_brand_offsets.
create or replace temporary view brand_offsets as
select
    brand_id,
    starts_at,
    ends_at,
    utc_offset
from all_brand_offsets
where ends_at > cast($starts_at as timestamptz) and starts_at < cast($ends_at as timestamptz);
