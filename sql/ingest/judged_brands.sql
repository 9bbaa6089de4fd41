-- One row per delivered row of brands: its typed values, its key as delivered and as it is kept, what is wrong.
create or replace temp table judged_rows as
select
    line_number,
    filled(delivered.brand_id) as key_text,
    bigint_of(key_text)::varchar as key,
    coalesce(
        fault,
        id_fault('brand_id', filled(delivered.brand_id)),
        long_text_fault('name', delivered.name),
        budget_fault('daily_budget', delivered.daily_budget),
        budget_fault('monthly_budget', delivered.monthly_budget),
        case when filled(delivered.timezone) is null then 'timezone is missing' end,
        long_text_fault('owner', delivered.owner),
        flag_fault('is_active', delivered.is_active),
        case
            when zones.timezone is null
                then format('timezone ''{}'' is not in the IANA list', filled(delivered.timezone))
        end
    ) as reason,
    bigint_of(key_text) as brand_id,
    filled(delivered.name) as name,
    budget_of(delivered.daily_budget) as daily_budget,
    budget_of(delivered.monthly_budget) as monthly_budget,
    filled(delivered.timezone) as timezone,
    filled(delivered.owner) as owner,
    flag_of(delivered.is_active) as is_active
from delivered_rows as delivered
left join (select distinct timezone from core.utc_offsets) as zones
    on filled(delivered.timezone) = zones.timezone
