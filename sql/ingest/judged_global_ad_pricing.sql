-- One row per delivered row of global prices: its typed values, its key as delivered and as it is kept, what is wrong.
create or replace temp table judged_rows as
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
from delivered_rows as delivered
