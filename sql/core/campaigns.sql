-- One row per version of a campaign.
create table if not exists internal.campaign_versions (
    campaign_id bigint not null,
    brand_id bigint not null,
    name varchar,
    status varchar not null,
    allowed_start time,
    allowed_end time,
    start_date date,
    end_date date,
    valid_from timestamptz not null,
    batch_id bigint not null,
    recorded_at timestamptz not null
);
comment on table internal.campaign_versions is 'One row per version of a campaign, as it was loaded; rows are only ever added.';

create or replace view core.campaigns as
from core.versions_with_ends('internal.campaign_versions');
comment on view core.campaigns is 'One row per version of a campaign.';
comment on column core.campaigns.status is 'the first status only; ops.campaign_status is the record';
comment on column core.campaigns.allowed_start is 'dayparting: UTC time of day from which it may run';
comment on column core.campaigns.allowed_end is 'dayparting: UTC time of day from which it may not; 24:00 is the end of the day';
comment on column core.campaigns.start_date is 'flight: first local date of the brand on which it may run; null: from ever';
comment on column core.campaigns.end_date is 'flight: last local date on which it may run; null: for ever';

create or replace macro core.campaigns_in_force(instant, known_at) as table
    from core.versions_in_force('internal.campaign_versions', instant, known_at);
comment on macro table core.campaigns_in_force is 'One row per campaign: its version in force at an instant, as known at a recorded time.'; -- noqa: PRS

-- name: validate
-- One row per delivered row of campaigns: its typed values, its key as delivered and as it is kept, what is wrong.
create or replace temp table validated_rows as
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
        dates_fault('start_date', delivered.start_date, 'end_date', delivered.end_date),
        parent_fault('brand_id', delivered.brand_id, parents.id, 'brands')
    ) as reason,
    bigint_of(key_text) as campaign_id,
    bigint_of(filled(delivered.brand_id)) as brand_id,
    filled(delivered.name) as name,
    filled(delivered.status) as status,
    case when reason is null then filled(delivered.allowed_start)::time end as allowed_start,
    case when reason is null then filled(delivered.allowed_end)::time end as allowed_end,
    date_of(delivered.start_date) as start_date,
    date_of(delivered.end_date) as end_date
from complete_rows as delivered
left join internal.reference_rows as parents
    on parents.table_name = 'brands' and bigint_of(filled(delivered.brand_id))::varchar = parents.id;

-- name: last_date
-- One row, if the flight of a campaign is over at an instant on its brand's clock: its last date.
select campaigns.end_date
from core.campaigns_in_force($now::timestamptz, 'infinity'::timestamptz) as campaigns
inner join core.brand_offsets('infinity'::timestamptz, $now::timestamptz, $now::timestamptz) as offsets
    on
        campaigns.brand_id = offsets.brand_id
        and offsets.starts_at <= $now
        and offsets.ends_at > $now
where
    campaigns.campaign_id = $campaign_id
    and core.local_time($now::timestamptz, offsets.utc_offset)::date > campaigns.end_date;
