-- One row per delivered row of campaigns: its typed values, its key as delivered and as it is kept, what is wrong.
create or replace temp table judged_rows as
select
    line_number,
    filled(delivered.campaign_id) as key_text,
    bigint_of(key_text)::varchar as key,
    coalesce(
        fault,
        id_fault('campaign_id', filled(delivered.campaign_id)),
        id_fault('brand_id', filled(delivered.brand_id)),
        long_text_fault('name', delivered.name),
        status_fault(delivered.status),
        window_fault(delivered.allowed_start, delivered.allowed_end),
        parent_fault('brand_id', delivered.brand_id, parents.id, 'brands')
    ) as reason,
    bigint_of(key_text) as campaign_id,
    bigint_of(filled(delivered.brand_id)) as brand_id,
    filled(delivered.name) as name,
    filled(delivered.status) as status,
    case when reason is null then filled(delivered.allowed_start)::time end as allowed_start,
    case when reason is null then filled(delivered.allowed_end)::time end as allowed_end
from delivered_rows as delivered
left join core.reference_rows as parents
    on parents.table_name = 'brands' and bigint_of(filled(delivered.brand_id))::varchar = parents.id
