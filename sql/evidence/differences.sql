-- One row per stored change of the moment $recorded_at that is not what the ledger and the history make of it, and per
-- change that they make and nobody stored. Reads decided and hops, worked out for that moment; all campaigns that
-- changed in it, or the one of $campaign_id.
create or replace temp table differences as
with stored as (
    select
        campaign_id,
        row_number() over (partition by campaign_id order by change_id) as place,
        change_id,
        reason = 'MANUAL' as is_manual,
        { 'from_status': from_status, 'to_status': to_status, 'reason': reason } as hop,
        {
            'daily_spend': daily_spend,
            'daily_budget': daily_budget,
            'monthly_spend': monthly_spend,
            'monthly_budget': monthly_budget,
            'local_date': local_date,
            'timezone': timezone,
            'window_start': window_start,
            'window_end': window_end
        } as evidence
    from ops.campaign_status_changes
    where recorded_at = $recorded_at and ($campaign_id is null or campaign_id = $campaign_id)
),

evidence as (
    select
        decided.campaign_id,
        {
            'daily_spend': brand_now.daily_spend,
            'daily_budget': brand_now.daily_budget,
            'monthly_spend': brand_now.monthly_spend,
            'monthly_budget': brand_now.monthly_budget,
            'local_date': brand_now.local_date,
            'timezone': brand_now.timezone,
            'window_start': decided.window_start,
            'window_end': decided.window_end
        } as evidence
    from decided
    inner join brand_now on decided.brand_id = brand_now.brand_id
    semi join stored on decided.campaign_id = stored.campaign_id
),

derived as (
    select
        hops.campaign_id,
        row_number() over (partition by hops.campaign_id order by hops.step) as place,
        { 'from_status': hops.from_status, 'to_status': hops.to_status, 'reason': hops.reason } as hop
    from hops
    semi join (
        from stored
        where not is_manual
    ) as decided_alone using (campaign_id)
    union all
    -- a person's will is not derived, only the numbers beside it
    select
        campaign_id,
        place,
        hop
    from stored
    where is_manual
)

select
    campaign_id,
    stored.change_id,
    { 'hop': stored.hop, 'evidence': stored.evidence }::varchar as stored,
    { 'hop': derived.hop, 'evidence': evidence.evidence }::varchar as derived
from stored
full join derived using (campaign_id, place)
left join evidence using (campaign_id)
where stored.hop is distinct from derived.hop or stored.evidence is distinct from evidence.evidence
