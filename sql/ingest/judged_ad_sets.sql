-- One row per delivered row of ad sets: its typed values, its key as delivered and as it is kept, what is wrong.
create or replace temp table judged_rows as
select
    line_number,
    filled(delivered.ad_set_id) as key_text,
    bigint_of(key_text)::varchar as key,
    coalesce(
        fault,
        id_fault('ad_set_id', filled(delivered.ad_set_id)),
        id_fault('campaign_id', filled(delivered.campaign_id)),
        long_text_fault('name', delivered.name),
        flag_fault('is_active', delivered.is_active),
        parent_fault('campaign_id', delivered.campaign_id, parents.id, 'campaigns')
    ) as reason,
    bigint_of(key_text) as ad_set_id,
    bigint_of(filled(delivered.campaign_id)) as campaign_id,
    filled(delivered.name) as name,
    flag_of(delivered.is_active) as is_active
from delivered_rows as delivered
left join core.reference_rows as parents
    on parents.table_name = 'campaigns' and bigint_of(filled(delivered.campaign_id))::varchar = parents.id
