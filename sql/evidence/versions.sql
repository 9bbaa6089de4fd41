-- One row: the names and versions of a campaign and its brand in force at an instant, as known at a recorded time.
select
    brands.brand_id,
    campaigns.name as campaign_name,
    campaigns.batch_id as campaign_batch_id,
    brands.name as brand_name,
    brands.batch_id as brand_batch_id,
    brands.timezone,
    core.local_time($now::timestamptz, periods.utc_offset) as local_time
from core.campaigns_in_force($now::timestamptz, coalesce($known_at, 'infinity'::timestamptz)) as campaigns
inner join core.brands_in_force($now::timestamptz, coalesce($known_at, 'infinity'::timestamptz)) as brands
    using (brand_id)
inner join core.utc_offsets_as_known(coalesce($known_at, 'infinity'::timestamptz)) as periods
    on brands.timezone = periods.timezone and periods.starts_at <= $now and periods.ends_at > $now
where campaigns.campaign_id = $campaign_id
