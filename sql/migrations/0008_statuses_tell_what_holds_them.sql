-- Statuses tell what holds a campaign now; limits are written where they change.
create table hot.campaign_status (
    campaign_id bigint not null,
    brand_id bigint not null,
    status varchar not null,
    reason varchar not null,
    changed_at timestamptz not null,
    decided_at timestamptz not null,
    window_start timestamptz,
    window_end timestamptz,
    window_open boolean not null,
    next_change_at timestamptz,
    paused_until timestamptz,
    changed_by varchar,
    note varchar,
    brand_active boolean not null,
    flight_starts_at timestamptz,
    flight_ends_at timestamptz
);
insert into hot.campaign_status by name
select
    status.*,
    manual.changed_by,
    manual.note,
    coalesce(brands.is_active, true) as brand_active
from ops.campaign_status as status
left join mart.brand_budget as brands on status.brand_id = brands.brand_id
left join (
    select
        campaign_id,
        arg_max(changed_by, change_id) as changed_by,
        arg_max(note, change_id) as note
    from ops.campaign_status_changes
    group by campaign_id
    having arg_max(reason, change_id) = 'MANUAL'
) as manual on status.campaign_id = manual.campaign_id;
drop table ops.campaign_status;
alter table mart.budgets drop column decided_at;
