-- Versions of reference rows are only ever added: when one ends follows from the versions that were loaded after it.
-- Each of their tables has the columns of its file, the key first, then valid_from, batch_id and recorded_at.

-- From when a version holds: from its own run, but a run for the future must not put off what is loaded after it. The
-- version before it gives way at the earliest when it began, unless it is from the future, made while a clock was
-- ahead.
create or replace macro core.in_force_from(now, clock, valid_from_before) as
greatest(least(now, clock), case when valid_from_before <= clock then valid_from_before else core.beginning() end);

-- One row per version, with its end: it gives way to the version that is in force first of those loaded after it, and
-- was believed to be in force until that one was recorded. Only keys of which there are several are looked at: of a
-- million rows with one version each, 0.03 s instead of 0.18 s.
create or replace macro core.versions_with_ends(of_table) as table
    with versions as not materialized (
        select
            *,
            #1 as key
        from query_table(of_table)
    ),

    changed as not materialized (
        select distinct key
        from versions
        where valid_from > core.beginning() -- a first version holds from the beginning
    ),

    ended as (
        select
            *,
            min({ 'valid_to': valid_from, 'superseded_at': recorded_at }) over (
                partition by key
                order by recorded_at
                rows between 1 following and unbounded following
            ) as ends
        from versions
        semi join changed using (key)
    )

    select
        * exclude (key, valid_from, batch_id, recorded_at),
        valid_from,
        null::timestamptz as valid_to,
        batch_id,
        recorded_at,
        null::timestamptz as superseded_at
    from versions
    anti join changed using (key)
    union all
    select
        * exclude (key, ends, valid_from, batch_id, recorded_at),
        valid_from,
        ends.valid_to,
        batch_id,
        recorded_at,
        ends.superseded_at
    from ended;

-- One row per key: the version loaded last of those that hold at an instant and had been recorded by a time.
create or replace macro core.versions_in_force(of_table, instant, known_at) as table
    with versions as not materialized (
        select
            *,
            #1 as key
        from query_table(of_table)
        where valid_from <= instant and recorded_at <= known_at
    ),

    later as not materialized (
        select
            key,
            recorded_at
        from versions
        where valid_from > core.beginning()
    )

    select versions.* exclude (key)
    from versions
    anti join later on versions.key = later.key and versions.recorded_at < later.recorded_at;

-- name: changed
-- One row per row of `delivered` that is not as its version in force in $table says, as the version it becomes. A table
-- of its own: the name of the one it is added to cannot be bound.
create or replace temp table new_versions as
with current as not materialized (
    select
        *,
        #1 as key
    from core.versions_in_force($table, 'infinity'::timestamptz, 'infinity'::timestamptz)
),

changed as (
    select
        *,
        #1 as key
    from (
        select * from delivered
        except
        select * exclude (key, valid_from, batch_id, recorded_at) from current
    ) as rows_that_differ
)

select
    changed.* exclude (key),
    case
        when current.key is null then core.beginning()
        else core.in_force_from($now::timestamptz, $clock::timestamptz, current.valid_from)
    end as valid_from,
    $batch_id as batch_id,
    $recorded_at::timestamptz as recorded_at
from changed
left join current on changed.key = current.key;

-- name: from_the_future
-- One row per version in force of $table that does not hold yet, as the version that holds from now on.
create or replace temp table new_versions as
select
    * exclude (valid_from, batch_id, recorded_at),
    $clock::timestamptz as valid_from,
    $batch_id as batch_id,
    $recorded_at::timestamptz as recorded_at
from core.versions_in_force($table, 'infinity'::timestamptz, 'infinity'::timestamptz)
where valid_from > $clock;

-- name: newest_batch
-- One row: the newest batch that added a version to $table.
select max(batch_id) as batch_id
from query_table($table);
