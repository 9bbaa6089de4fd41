-- One row per version of an ad.
create table if not exists internal.ad_versions (
    ad_id bigint not null,
    ad_set_id bigint not null,
    name varchar,
    is_active boolean not null,
    media_file varchar,
    content varchar,
    cost_per_click decimal(18, 9),
    cost_per_mille decimal(18, 6),
    cost_per_view decimal(18, 9),
    cost_per_acquisition decimal(18, 9),
    valid_from timestamptz not null,
    batch_id bigint not null,
    recorded_at timestamptz not null
);
comment on table internal.ad_versions is 'One row per version of an ad, as it was loaded; rows are only ever added.';

create or replace view core.ads as
from core.versions_with_ends('internal.ad_versions');
comment on view core.ads is 'One row per version of an ad.';
comment on column core.ads.cost_per_mille is 'price of 1,000 impressions; empty: the global default';

-- name: validate
-- One row per delivered row of ads: its typed values, its key as delivered and as it is kept, what is wrong.
create or replace temp table validated_rows as
select
    line_number,
    filled(delivered.ad_id) as key_text,
    bigint_of(key_text)::varchar as key,
    coalesce(
        fault,
        id_fault('ad_id', filled(delivered.ad_id)),
        id_fault('ad_set_id', filled(delivered.ad_set_id)),
        long_text_fault('name', delivered.name),
        flag_fault('is_active', delivered.is_active),
        long_text_fault('media_file', delivered.media_file),
        long_text_fault('content', delivered.content),
        costs_fault(
            delivered.cost_per_click, delivered.cost_per_mille, delivered.cost_per_view, delivered.cost_per_acquisition
        ),
        parent_fault('ad_set_id', delivered.ad_set_id, parents.id, 'ad_sets')
    ) as reason,
    bigint_of(key_text) as ad_id,
    bigint_of(filled(delivered.ad_set_id)) as ad_set_id,
    filled(delivered.name) as name,
    flag_of(delivered.is_active) as is_active,
    filled(delivered.media_file) as media_file,
    filled(delivered.content) as content,
    cost_of(delivered.cost_per_click) as cost_per_click,
    cost_per_mille_of(delivered.cost_per_mille) as cost_per_mille,
    cost_of(delivered.cost_per_view) as cost_per_view,
    cost_of(delivered.cost_per_acquisition) as cost_per_acquisition
from complete_rows as delivered
left join internal.reference_rows as parents
    on parents.table_name = 'ad_sets' and bigint_of(filled(delivered.ad_set_id))::varchar = parents.id;
