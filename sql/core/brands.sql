-- One row per version of a brand.
create table if not exists internal.brand_versions (
    brand_id bigint not null,
    name varchar,
    daily_budget decimal(38, 9),
    monthly_budget decimal(38, 9),
    timezone varchar not null,
    owner varchar,
    is_active boolean not null,
    billing varchar not null,
    currency varchar,
    valid_from timestamptz not null,
    batch_id bigint not null,
    recorded_at timestamptz not null
);
comment on table internal.brand_versions is 'One row per version of a brand, as it was loaded; rows are only ever added.';

-- of a brand of which no currency has been said, it is this one
create or replace macro core.currency_of(currency) as coalesce(currency, 'USD');

create or replace view core.brands as
select * replace (core.currency_of(currency) as currency)
from core.versions_with_ends('internal.brand_versions');
comment on view core.brands is 'One row per version of a brand.';
comment on column core.brands.daily_budget is 'spend allowed per local day; null: no limit, 0: no delivery';
comment on column core.brands.monthly_budget is 'spend allowed per local month; null: no limit, 0: no delivery';
comment on column core.brands.timezone is 'IANA zone as delivered; it counts from the next local midnight: see core.brand_zones';
comment on column core.brands.billing is 'POSTPAID, or PREPAID: it runs only on what it has paid';
comment on column core.brands.currency is 'ISO 4217 code of all its amounts; they are never converted';
comment on column core.brands.valid_from is 'when the version was loaded; the first one holds from 2000';
comment on column core.brands.valid_to is 'when the next version was loaded; null: in force';
comment on column core.brands.superseded_at is 'when valid_to was recorded: until then the version was believed to be in force';

create or replace view internal.brand_currencies as
select
    brand_id,
    core.currency_of(arg_max(currency, recorded_at)) as currency
from internal.brand_versions
group by brand_id;
comment on view internal.brand_currencies is 'One row per brand: the currency of all its amounts, which never changes.';

create or replace macro core.brands_in_force(instant, known_at) as table
    select * replace (core.currency_of(currency) as currency)
    from core.versions_in_force('internal.brand_versions', instant, known_at);
comment on macro table core.brands_in_force is 'One row per brand: its version in force at an instant, as known at a recorded time.'; -- noqa: PRS

-- name: validate
-- One row per delivered row of brands: its typed values, its key as delivered and as it is kept, what is wrong.
create or replace temp table validated_rows as
select
    line_number,
    filled(delivered.brand_id) as key_text,
    bigint_of(key_text)::varchar as key,
    coalesce(
        fault,
        id_fault('brand_id', filled(delivered.brand_id)),
        long_text_fault('name', delivered.name),
        budget_fault('daily_budget', delivered.daily_budget),
        budget_fault('monthly_budget', delivered.monthly_budget),
        case when filled(delivered.timezone) is null then 'timezone is missing' end,
        long_text_fault('owner', delivered.owner),
        flag_fault('is_active', delivered.is_active),
        case when filled(delivered.billing) is not null
            then word_fault('billing', delivered.billing, ['POSTPAID', 'PREPAID'])
        end,
        case
            when not list_contains($currencies, filled(delivered.currency))
                then unwanted('currency', filled(delivered.currency), 'an ISO 4217 code such as EUR')
            when filled(delivered.currency) <> known.currency
                then format(
                    'currency {} of brand {} cannot become {}, since amounts are never converted: give it a new'
                    || ' brand_id', known.currency, known.brand_id, filled(delivered.currency)
                )
        end,
        case
            when zones.timezone is null
                then format('timezone ''{}'' is not in the IANA list', filled(delivered.timezone))
        end
    ) as reason,
    bigint_of(key_text) as brand_id,
    filled(delivered.name) as name,
    budget_of(delivered.daily_budget) as daily_budget,
    budget_of(delivered.monthly_budget) as monthly_budget,
    filled(delivered.timezone) as timezone,
    filled(delivered.owner) as owner,
    flag_of(delivered.is_active) as is_active,
    coalesce(filled(delivered.billing), 'POSTPAID') as billing,
    coalesce(filled(delivered.currency), known.currency) as currency
from complete_rows as delivered
left join (select distinct timezone from core.utc_offsets) as zones
    on filled(delivered.timezone) = zones.timezone
left join core.versions_in_force('internal.brand_versions', 'infinity'::timestamptz, 'infinity'::timestamptz) as known
    on bigint_of(filled(delivered.brand_id)) = known.brand_id;
