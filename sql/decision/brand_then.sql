-- The same as brand_now, added up from the ledger itself, from what could be seen at $known_at.
create or replace temp table brand_now as
select
    brand_clock.brand_id,
    brand_clock.name,
    brand_clock.timezone,
    brand_clock.local_date,
    spent.daily_spend,
    brand_clock.daily_budget,
    spent.monthly_spend,
    brand_clock.monthly_budget,
    brand_clock.is_active,
    brand_clock.next_day_at,
    brand_clock.next_month_at
from brand_clock
inner join
    mart.brand_spend_as_known(
        $now::timestamptz, coalesce($known_at, 'infinity'::timestamptz), only_brand := $brand_id::bigint
    ) as spent
    using (brand_id)
