-- One row per reference row in force: its table, its id, the batch that brought it.
create or replace view core.reference_rows as
select
    'brands' as table_name,
    brand_id::varchar as id,
    batch_id,
    valid_from
from core.brands
where valid_to is null
union all
select
    'campaigns' as table_name,
    campaign_id::varchar as id,
    batch_id,
    valid_from
from core.campaigns
where valid_to is null
union all
select
    'ad_sets' as table_name,
    ad_set_id::varchar as id,
    batch_id,
    valid_from
from core.ad_sets
where valid_to is null
union all
select
    'ads' as table_name,
    ad_id::varchar as id,
    batch_id,
    valid_from
from core.ads
where valid_to is null
union all
select
    'global_ad_pricing' as table_name,
    epoch_us(effective_from)::varchar as id,
    batch_id,
    valid_from
from core.global_ad_pricing
where valid_to is null;
comment on view core.reference_rows is 'One row per reference row in force: its table, its id, the batch that brought it.';
