-- One row per reference row in force: its table, its id, the batch that brought it.
create or replace view internal.reference_rows as
select
    'brands' as table_name,
    brand_id::varchar as id,
    batch_id,
    valid_from
from core.versions_in_force('internal.brand_versions', 'infinity'::timestamptz, 'infinity'::timestamptz)
union all
select
    'campaigns' as table_name,
    campaign_id::varchar as id,
    batch_id,
    valid_from
from core.versions_in_force('internal.campaign_versions', 'infinity'::timestamptz, 'infinity'::timestamptz)
union all
select
    'budgets' as table_name,
    budget as id,
    batch_id,
    valid_from
from core.versions_in_force('internal.budget_versions', 'infinity'::timestamptz, 'infinity'::timestamptz)
union all
select
    'policies' as table_name,
    policy as id,
    batch_id,
    valid_from
from core.versions_in_force('internal.policy_versions', 'infinity'::timestamptz, 'infinity'::timestamptz)
union all
select
    'dayparting' as table_name,
    campaign_id::varchar as id,
    batch_id,
    valid_from
from core.versions_in_force('internal.dayparting_versions', 'infinity'::timestamptz, 'infinity'::timestamptz)
union all
select
    'ad_sets' as table_name,
    ad_set_id::varchar as id,
    batch_id,
    valid_from
from core.versions_in_force('internal.ad_set_versions', 'infinity'::timestamptz, 'infinity'::timestamptz)
union all
select
    'ads' as table_name,
    ad_id::varchar as id,
    batch_id,
    valid_from
from core.versions_in_force('internal.ad_versions', 'infinity'::timestamptz, 'infinity'::timestamptz)
union all
select
    'global_ad_pricing' as table_name,
    epoch_us(effective_from)::varchar as id,
    batch_id,
    valid_from
from core.versions_in_force('internal.global_ad_pricing_versions', 'infinity'::timestamptz, 'infinity'::timestamptz);
comment on view internal.reference_rows is 'One row per reference row in force: its table, its id, the batch that brought it.';
