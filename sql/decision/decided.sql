-- One row per campaign in force at $now, as known at $known_at: the status a decision at $now gives it, step by step
-- (end of a pause, enforce, stop, start), and the first instant at which, with no new spend, that would change. What
-- happens after $now is new spend, even when it has been delivered already. Reads brand_now and statuses.
create or replace temp table decided as
with current as (
    select
        campaigns.campaign_id,
        campaigns.brand_id,
        statuses.status as recorded_status,
        -- as numbers, of a million campaigns they are compared a fifth faster than as texts
        coalesce(statuses.status, campaigns.status)::campaign_status as status,
        statuses.paused_until,
        epoch_us(campaigns.allowed_start) as opens_us,
        -- 22:00-04:00 closes on the next day
        epoch_us(campaigns.allowed_end) - epoch_us(campaigns.allowed_start)
        + case when campaigns.allowed_end < campaigns.allowed_start then 86400000000 else 0 end as length_us
    from core.campaigns_in_force($now::timestamptz, coalesce($known_at, 'infinity'::timestamptz)) as campaigns
    left join statuses using (campaign_id)
),

judged as (
    select
        current.*,
        brand_now.* exclude (brand_id),
        coalesce(brand_now.daily_spend >= brand_now.daily_budget, false) as daily_reached,
        coalesce(brand_now.monthly_spend >= brand_now.monthly_budget, false) as monthly_reached,
        daily_reached or monthly_reached as budget_reached,
        core.window_start_us(epoch_us($now), current.opens_us, current.length_us) as starts_us,
        coalesce(starts_us <= epoch_us($now), true) as window_open
    from current
    inner join brand_now using (brand_id)
),

resumed as (
    select
        *,
        case
            when status = 'PAUSED' and paused_until <= $now then 'SCHEDULED'::campaign_status
            else status
        end as resumed_status
    from judged
),

enforced as (
    select
        *,
        case
            when resumed_status = 'RUNNING' and budget_reached then 'BUDGET_REACHED'::campaign_status
            when resumed_status = 'BUDGET_REACHED' and not budget_reached then 'SCHEDULED'::campaign_status
            else resumed_status
        end as enforced_status
    from resumed
),

stopped as (
    select
        *,
        case
            when enforced_status = 'RUNNING' and not (is_active and window_open) then 'SCHEDULED'::campaign_status
            else enforced_status
        end as stopped_status
    from enforced
),

started as (
    select
        *,
        case
            when stopped_status = 'SCHEDULED' and is_active and window_open and not budget_reached
                then 'RUNNING'::campaign_status
            else stopped_status
        end as final_status,
        case
            when not budget_reached then $now
            when daily_budget = 0 or monthly_budget = 0 then 'infinity'::timestamptz
            when monthly_reached then next_month_at
            else next_day_at
        end as released_at
    from stopped
),

restarted as (
    select
        *,
        case
            when not is_active or isinf(released_at) then 'infinity'::timestamptz
            else greatest(
                released_at,
                make_timestamptz(core.window_start_us(epoch_us(released_at), opens_us, length_us))
            )
        end as restarts_at
    from started
)

select
    campaign_id,
    brand_id,
    recorded_status,
    status,
    resumed_status,
    enforced_status,
    stopped_status,
    final_status,
    case when final_status = 'PAUSED' then paused_until end as paused_until,
    is_active,
    daily_reached,
    window_open,
    make_timestamptz(starts_us) as window_start,
    make_timestamptz(starts_us + length_us) as window_end,
    nullif(
        case final_status
            -- a window of 24 hours opens again as it closes
            when 'RUNNING'
                then case when length_us < 86400000000 then make_timestamptz(starts_us + length_us) end
            when 'SCHEDULED' then restarts_at
            when 'BUDGET_REACHED' then released_at
            when 'PAUSED' then paused_until
        end,
        'infinity'::timestamptz
    ) as next_change_at
from restarted
