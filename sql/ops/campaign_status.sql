-- One row per campaign: what it may do now. A status that is no longer the one the decision began with is left alone.
merge into ops.campaign_status as recorded
using (
    select
        decided.*,
        last_hop.reason
    from decided
    left join (
        select
            campaign_id,
            arg_max(reason, step) as reason
        from hops
        group by campaign_id
    ) as last_hop using (campaign_id)
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
)
