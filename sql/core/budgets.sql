-- One row per version of a budget of a brand or a campaign.
create table if not exists internal.budget_versions (
    budget varchar not null,
    scope varchar not null,
    id bigint not null,
    period varchar not null,
    amount decimal(38, 9) not null,
    effective_from date,
    effective_to date,
    valid_from timestamptz not null,
    batch_id bigint not null,
    recorded_at timestamptz not null
);
comment on table internal.budget_versions is 'One row per version of a budget, as it was loaded; rows are only ever added.';

create or replace view core.budgets as
from core.versions_with_ends('internal.budget_versions');
comment on view core.budgets is 'One row per version of a budget of a brand or a campaign.';
comment on column core.budgets.budget is 'its key: scope/id/period, and /effective_from if it has one';
comment on column core.budgets.scope is 'BRAND or CAMPAIGN';
comment on column core.budgets.id is 'brand_id or campaign_id';
comment on column core.budgets.period is 'HOUR, DAY, WEEK, MONTH or LIFETIME, on the brand''s clock';
comment on column core.budgets.amount is 'spend allowed per period, in the brand''s currency; 0: no delivery';
comment on column core.budgets.effective_from is 'first local date of the brand on which it holds; null: from ever';
comment on column core.budgets.effective_to is 'last local date on which it holds; null: for ever';

create or replace macro core.budgets_in_force(instant, known_at) as table
    from core.versions_in_force('internal.budget_versions', instant, known_at);
comment on macro table core.budgets_in_force is 'One row per budget: its version in force at an instant, as known at a recorded time.'; -- noqa: PRS

create or replace macro core.budget_owners(instant, known_at) as table
    select
        'BRAND' as scope,
        brand_id as id,
        brand_id
    from core.brands_in_force(instant, known_at)
    union all
    select
        'CAMPAIGN' as scope,
        campaign_id as id,
        brand_id
    from core.campaigns_in_force(instant, known_at);
comment on macro table core.budget_owners is 'One row per brand and campaign in force at an instant, as known at a recorded time: as whom a budget names it, and its brand.'; -- noqa: PRS

-- name: validate
-- One row per delivered row of budgets: its typed values, its key as delivered and as it is kept, what is wrong.
create or replace temp table validated_rows as
with typed as (
    select
        *,
        filled(scope) as typed_scope,
        bigint_of(filled(id)) as typed_id,
        filled(period) as typed_period,
        date_of(effective_from) as typed_from,
        case filled(scope) when 'BRAND' then 'brands' else 'campaigns' end as parent_table
    from complete_rows
)

select
    typed.line_number,
    concat_ws('/', typed_scope, typed_id, typed_period, typed_from) as key_text,
    key_text as key,
    coalesce(
        typed.fault,
        word_fault('scope', typed.scope, (select list(distinct scope order by scope) from internal.limit_kinds)),
        id_fault('id', filled(typed.id)),
        word_fault('period', typed.period, (select list(period) from internal.periods)),
        case when filled(typed.amount) is null then 'amount is missing (0 allows no delivery)' end,
        budget_fault('amount', typed.amount),
        dates_fault('effective_from', typed.effective_from, 'effective_to', typed.effective_to),
        parent_fault('id', typed.id, parents.id, typed.parent_table)
    ) as reason,
    key_text as budget,
    typed_scope as scope,
    typed_id as id,
    typed_period as period,
    budget_of(typed.amount) as amount,
    typed_from as effective_from,
    date_of(typed.effective_to) as effective_to
from typed
left join internal.reference_rows as parents
    on typed.parent_table = parents.table_name and typed.typed_id::varchar = parents.id;
