-- One row per version of the times at which a campaign may run, all its rows of dayparting together.
create table if not exists internal.dayparting_versions (
    campaign_id bigint not null,
    windows struct(weekdays tinyint[], opens time, closes time, clock varchar)[] not null, -- noqa: PRS
    valid_from timestamptz not null,
    batch_id bigint not null,
    recorded_at timestamptz not null
);
comment on table internal.dayparting_versions is 'One row per version of a campaign''s dayparting, as it was loaded; rows are only ever added.';

create or replace view core.dayparting as
from core.versions_with_ends('internal.dayparting_versions');
comment on view core.dayparting is 'One row per version of the times at which a campaign may run, all its rows of dayparting together.';
comment on column core.dayparting.windows is 'from opens to closes on each date whose weekday (1: Monday) is named, on the clock of the BRAND or in UTC; closes before opens: across midnight; empty: its rows are gone';

create or replace macro core.dayparting_in_force(instant, known_at) as table
    select * from core.versions_in_force('internal.dayparting_versions', instant, known_at)
    where len(windows) > 0;
comment on macro table core.dayparting_in_force is 'One row per campaign with rows of dayparting in force at an instant, as known at a recorded time.'; -- noqa: PRS

-- name: validate
-- One row per delivered row of dayparting: its typed values, its key as delivered and as it is kept, what is wrong.
create or replace temp table validated_rows as
with weekdays_said as (
    select
        weekdays as said,
        weekdays_fault(weekdays) as weekdays_fault,
        weekdays_of(weekdays) as typed_weekdays
    from complete_rows
    group by weekdays
),

typed as (
    select
        complete_rows.*,
        weekdays_said.* exclude (said),
        bigint_of(filled(complete_rows.campaign_id)) as typed_id,
        coalesce(filled(complete_rows.clock), 'BRAND') as typed_clock,
        coalesce(
            complete_rows.fault,
            id_fault('campaign_id', filled(complete_rows.campaign_id)),
            weekdays_said.weekdays_fault,
            daypart_fault(complete_rows.start, complete_rows.end),
            word_fault('clock', coalesce(filled(complete_rows.clock), 'BRAND'), ['BRAND', 'UTC'])
        ) as row_fault
    from complete_rows
    left join weekdays_said on complete_rows.weekdays is not distinct from weekdays_said.said
)

select
    typed.line_number,
    concat_ws(' ', filled(typed.campaign_id), filled(typed.weekdays), filled(typed.start), filled(typed.end), filled(typed.clock)) as key_text,
    coalesce(
        typed.row_fault, parent_fault('campaign_id', typed.campaign_id, parents.id, 'campaigns')
    ) as reason,
    typed.typed_id as campaign_id,
    typed.typed_weekdays as weekdays,
    case when typed.row_fault is null then filled(typed.start)::time end as opens,
    case when typed.row_fault is null then filled(typed.end)::time end as closes,
    concat_ws('/', typed_id, typed_weekdays, opens, closes, typed_clock) as key,
    typed.typed_clock as clock
from typed
left join internal.reference_rows as parents
    on parents.table_name = 'campaigns' and typed.typed_id::varchar = parents.id;

-- name: gather
-- One row per campaign that has sound rows, or had rows and has none any more. One all of whose rows are refused keeps
-- what it had: a slip of the pen must not let it run all day.
create or replace temp table delivered as
select
    campaign_id,
    list(
        { 'weekdays': weekdays, 'opens': opens, 'closes': closes, 'clock': clock }
        order by opens, closes, clock, weekdays
    ) as windows
from validated_rows
where reason is null
group by campaign_id
union all
select
    campaign_id,
    [] as windows
from core.dayparting_in_force('infinity'::timestamptz, 'infinity'::timestamptz)
anti join validated_rows using (campaign_id);

-- name: gathered_rows
-- One row: how many delivered rows became part of new versions.
select coalesce(sum(len(windows)), 0)::bigint as loaded
from new_versions;
