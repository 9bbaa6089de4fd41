-- One row per campaign: what it may do now.
create table if not exists ops.campaign_status (
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
    paused_until timestamptz
);
comment on table ops.campaign_status is 'One row per campaign: what it may do now.';
comment on column ops.campaign_status.reason is 'reason of the last change';
comment on column ops.campaign_status.window_start is 'start of the current dayparting window, or of the next; null: no dayparting';
comment on column ops.campaign_status.window_end is 'first instant after that window';
comment on column ops.campaign_status.next_change_at is 'first instant at which, with no new spend, the status changes; null: never';
comment on column ops.campaign_status.paused_until is 'when the pause ends by itself; null: when a person ends it';

-- name: apply_decision
-- One row per campaign: what it may do now. A status that is no longer the one the decision began with is left alone.
merge into ops.campaign_status as recorded
using (
    select
        decided.*,
        last_transition.reason
    from decided
    left join (
        select
            campaign_id,
            arg_max(reason, step) as reason
        from transitions
        group by campaign_id
    ) as last_transition using (campaign_id)
) as new
    on recorded.campaign_id = new.campaign_id
when matched and recorded.status = new.recorded_status then
    update
        set
            brand_id = new.brand_id,
            status = new.final_status,
            reason = coalesce(new.reason, recorded.reason),
            changed_at = case when new.reason is null then recorded.changed_at else $now end,
            decided_at = $now,
            window_start = new.window_start,
            window_end = new.window_end,
            window_open = new.window_open,
            next_change_at = new.next_change_at,
            paused_until = new.paused_until
when not matched then insert
    (
        campaign_id, brand_id, status, reason, changed_at, decided_at,
        window_start, window_end, window_open, next_change_at, paused_until
    )
values (
    new.campaign_id, new.brand_id, new.final_status, new.reason, $now, $now,
    new.window_start, new.window_end, new.window_open, new.next_change_at, new.paused_until
);

-- name: set_by_hand
-- The status a person has set, if the campaign still has the one it was set from.
update ops.campaign_status
set
    status = $status,
    reason = 'MANUAL',
    changed_at = $now,
    decided_at = $now,
    paused_until = $paused_until
where campaign_id = $campaign_id and status = $from_status;

-- name: set_next_change
-- What the decision would make of the status a person has set, and when. Reads decided.
update ops.campaign_status as recorded
set
    window_start = decided.window_start,
    window_end = decided.window_end,
    window_open = decided.window_open,
    next_change_at = case when decided.final_status = decided.status then decided.next_change_at else $now end
from decided
where recorded.campaign_id = $campaign_id and decided.campaign_id = $campaign_id;

-- name: of_campaign
-- One row: the status a campaign has, and the instant last decided for.
select
    status,
    paused_until,
    (select arg_max(decided_at, decision_id) from ops.decisions) as decided_at
from ops.campaign_status
where campaign_id = $campaign_id;
