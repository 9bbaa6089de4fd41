-- One row per version of a default price list.
create table if not exists internal.global_ad_pricing_versions (
    effective_from timestamptz not null,
    cost_per_click decimal(18, 9),
    cost_per_mille decimal(18, 6),
    cost_per_view decimal(18, 9),
    cost_per_acquisition decimal(18, 9),
    valid_from timestamptz not null,
    batch_id bigint not null,
    recorded_at timestamptz not null
);
comment on table internal.global_ad_pricing_versions is 'One row per version of a default price list, as it was loaded; rows are only ever added.';

create or replace view core.global_ad_pricing as
from core.versions_with_ends('internal.global_ad_pricing_versions');
comment on view core.global_ad_pricing is 'One row per version of a default price list.';
comment on column core.global_ad_pricing.effective_from is 'first instant at which the list is in force';
comment on column core.global_ad_pricing.valid_to is 'when the row was corrected; null: the row counts';

-- name: validate
-- One row per delivered row of global prices: its typed values, its key as delivered and as it is kept, what is wrong.
create or replace temp table validated_rows as
select
    line_number,
    filled(delivered.effective_from) as key_text,
    epoch_us(typed_instant_of(delivered.effective_from, $is_utc))::varchar as key,
    coalesce(
        fault,
        case
            when key_text is null then 'effective_from is missing'
            when typed_instant_of(delivered.effective_from, $is_utc) is null
                then unwanted('effective_from', key_text, 'a time such as 2025-06-10T12:00:00Z')
        end,
        costs_fault(
            delivered.cost_per_click, delivered.cost_per_mille, delivered.cost_per_view, delivered.cost_per_acquisition
        )
    ) as reason,
    typed_instant_of(delivered.effective_from, $is_utc) as effective_from,
    cost_of(delivered.cost_per_click) as cost_per_click,
    cost_per_mille_of(delivered.cost_per_mille) as cost_per_mille,
    cost_of(delivered.cost_per_view) as cost_per_view,
    cost_of(delivered.cost_per_acquisition) as cost_per_acquisition
from complete_rows as delivered;
