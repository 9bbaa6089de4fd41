-- The feed for ad servers: what each campaign may do now, and what changed since the feed before.

-- name: campaigns
-- One row per campaign, as the feed tells it: a table, since it is compared and written twice.
create or replace temp table feed_now as
with shares as (
    -- the limit of the brand, or of the campaign, that is nearest to being reached; a budget of 0 is reached
    select
        scope,
        id,
        max(coalesce(share, 1)) as share
    from mart.budgets
    group by all
)

select
    statuses.campaign_id,
    statuses.campaign_name,
    statuses.brand_id,
    statuses.status,
    statuses.status = 'RUNNING' as may_run,
    case
        when statuses.status = 'RUNNING' then 'delivering'
        when list_contains(statuses.blocked_by, 'FLIGHT_ENDED') then 'flight_ended'
        when statuses.status = 'COMPLETED' then 'completed'
        when statuses.status = 'BUDGET_REACHED' then 'budget_exhausted'
        else 'not_delivering'
    end as delivery_status,
    statuses.blocked_by,
    statuses.why,
    statuses.window_open,
    statuses.window_start,
    statuses.window_end,
    statuses.flight_starts_at,
    statuses.flight_ends_at,
    statuses.next_change_at,
    greatest(of_brand.share, own.share) as budget_share,
    statuses.changed_at
from ops.campaign_status as statuses
left join shares as of_brand on of_brand.scope = 'BRAND' and statuses.brand_id = of_brand.id
left join shares as own on own.scope = 'CAMPAIGN' and statuses.campaign_id = own.id;

-- name: before
-- One row per campaign of the feed before, whose Parquet file a variable names: a definition takes no values.
create or replace temp view feed_before as
select * exclude (feed_id, version, decided_at, valid_until)
from read_parquet(getvariable('feed_before'));

-- name: unchanged
-- One row per campaign, as the feed before tells it. Reads feed_before.
create or replace temp view feed as
from feed_before;

-- name: nothing_before
-- No row: there is no feed yet.
create or replace temp view feed_before as
select
    *,
    null::bigint as changed_in_version
from feed_now
where false;

-- name: changes
-- One row per campaign that is not as the feed before tells it, or no longer there. Reads feed_now and feed_before.
create or replace temp table feed_changes as
with changed as (
    from feed_now
    except
    select * exclude (changed_in_version)
    from feed_before
)

select
    campaign_id,
    false as is_removed
from changed
union all
select
    campaign_id,
    true as is_removed
from feed_before
anti join feed_now using (campaign_id);

-- name: counts
-- One row: how many campaigns there are, how many of them changed, the ids of those that are gone, and the next known
-- change of any campaign. Reads feed_now and feed_changes.
select
    (select count(*) from feed_now) as campaigns,
    (select count(*) from feed_changes) as changes,
    (select coalesce(list(campaign_id order by campaign_id) filter (is_removed), []) from feed_changes) as removed,
    (select min(next_change_at) from feed_now) as next_change_at;

-- name: rows
-- One row per campaign, with the version of the feed in which it changed last. Reads feed_now, feed_before and
-- feed_changes.
create or replace temp table feed as
select
    feed_now.*,
    case when feed_changes.campaign_id is null then feed_before.changed_in_version else $version end::bigint
        as changed_in_version
from feed_now
left join feed_changes on feed_now.campaign_id = feed_changes.campaign_id
left join feed_before on feed_now.campaign_id = feed_before.campaign_id
order by feed_now.campaign_id;

-- name: in_parquet
-- One row per campaign with the header beside it, which takes no room. Reads feed.
select
    *,
    $feed_id as feed_id,
    $version::bigint as version,
    $decided_at::timestamptz as decided_at,
    $valid_until::timestamptz as valid_until
from feed
order by campaign_id;

-- name: in_json
-- One row per campaign that changed after $since, as it stands in JSON. Reads feed.
create or replace temp view feed_in_json as
select
    * replace (
        core.instant_for_machines(window_start) as window_start,
        core.instant_for_machines(window_end) as window_end,
        core.instant_for_machines(flight_starts_at) as flight_starts_at,
        core.instant_for_machines(flight_ends_at) as flight_ends_at,
        core.instant_for_machines(next_change_at) as next_change_at,
        core.instant_for_machines(changed_at) as changed_at
    )
from feed;

-- name: write_json
-- The campaigns that changed after $since as an array of JSON, a line each: DuckDB writes it ten times as fast as
-- Python. Reads feed_in_json.
copy (from feed_in_json where changed_in_version > $since order by campaign_id) -- noqa
to $file (format json, array true); -- noqa
