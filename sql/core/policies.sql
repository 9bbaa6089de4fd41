-- One row per version of how a brand, or a campaign, wants its budgets held.
create table if not exists internal.policy_versions (
    policy varchar not null,
    scope varchar not null,
    id bigint not null,
    stop_early varchar not null,
    valid_from timestamptz not null,
    batch_id bigint not null,
    recorded_at timestamptz not null
);
comment on table internal.policy_versions is 'One row per version of a policy, as it was loaded; rows are only ever added.';

create or replace view core.policies as
from core.versions_with_ends('internal.policy_versions');
comment on view core.policies is 'One row per version of how a brand, or a campaign, wants its budgets held.';
comment on column core.policies.scope is 'BRAND: all limits of the brand and of its campaigns; CAMPAIGN: the campaign''s own, in place of its brand''s policy';
comment on column core.policies.id is 'brand_id or campaign_id';

create or replace macro core.policies_in_force(instant, known_at) as table
    from core.versions_in_force('internal.policy_versions', instant, known_at);
comment on macro table core.policies_in_force is 'One row per policy: its version in force at an instant, as known at a recorded time.'; -- noqa: PRS

-- name: validate
-- One row per delivered row of policies: its typed values, its key as delivered and as it is kept, what is wrong.
create or replace temp table validated_rows as
with typed as (
    select
        *,
        filled(scope) as typed_scope,
        bigint_of(filled(id)) as typed_id,
        case filled(scope) when 'BRAND' then 'brands' else 'campaigns' end as parent_table
    from complete_rows
)

select
    typed.line_number,
    concat_ws('/', typed_scope, typed_id) as key_text,
    key_text as key,
    coalesce(
        typed.fault,
        word_fault('scope', typed.scope, ['BRAND', 'CAMPAIGN']),
        id_fault('id', filled(typed.id)),
        stop_early_fault(typed.stop_early),
        parent_fault('id', typed.id, parents.id, typed.parent_table)
    ) as reason,
    key_text as policy,
    typed_scope as scope,
    typed_id as id,
    stop_early_of(typed.stop_early) as stop_early
from typed
left join internal.reference_rows as parents
    on typed.parent_table = parents.table_name and typed.typed_id::varchar = parents.id;
