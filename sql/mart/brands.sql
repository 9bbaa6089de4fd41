-- One row per brand as it is now, with its zone, money and budgets' owner.
create or replace view mart.brands as
select
    brands.brand_id,
    brands.name as brand_name,
    brands.owner,
    coalesce(zones.timezone, brands.timezone) as timezone,
    brands.currency,
    brands.billing,
    brands.is_active
from core.brands
left join core.brand_zones as zones
    on
        brands.brand_id = zones.brand_id
        and zones.valid_to is null
where brands.valid_to is null;
comment on view mart.brands is 'One row per brand as it is now.';
comment on column mart.brands.timezone is 'IANA name of the zone noted last; a new one counts from the next local midnight';
