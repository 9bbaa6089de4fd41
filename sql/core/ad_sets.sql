-- One row per version of an ad set.
create table if not exists internal.ad_set_versions (
    ad_set_id bigint not null,
    campaign_id bigint not null,
    name varchar,
    is_active boolean not null,
    valid_from timestamptz not null,
    batch_id bigint not null,
    recorded_at timestamptz not null
);
comment on table internal.ad_set_versions is 'One row per version of an ad set, as it was loaded; rows are only ever added.';

create or replace view core.ad_sets as
from core.versions_with_ends('internal.ad_set_versions');
comment on view core.ad_sets is 'One row per version of an ad set.';

-- name: validate
-- One row per delivered row of ad sets: its typed values, its key as delivered and as it is kept, what is wrong.
create or replace temp table validated_rows as
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
from complete_rows as delivered
left join internal.reference_rows as parents
    on parents.table_name = 'campaigns' and bigint_of(filled(delivered.campaign_id))::varchar = parents.id;
