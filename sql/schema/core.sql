-- The ledger and the versioned reference data.
create table if not exists core.utc_offsets (
    timezone varchar not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    utc_offset integer not null,
    tzdata_version varchar not null
);
comment on table core.utc_offsets is 'One row per time zone and period in which its offset from UTC stays the same.';
comment on column core.utc_offsets.timezone is 'IANA name';
comment on column core.utc_offsets.starts_at is 'first instant of the period';
comment on column core.utc_offsets.ends_at is 'first instant after it; infinity for the last';
comment on column core.utc_offsets.utc_offset is 'seconds to add to UTC';
comment on column core.utc_offsets.tzdata_version is 'PyPI tzdata release the row comes from';

create table if not exists core.superseded_utc_offsets (
    timezone varchar not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    utc_offset integer not null,
    tzdata_version varchar not null,
    superseded_at timestamptz not null
);
comment on table core.superseded_utc_offsets is 'One row per time zone whose rules a tzdata release changed, release and period, as core.utc_offsets had it.';
comment on column core.superseded_utc_offsets.superseded_at is 'until when, by recorded time, these rules were used';

create or replace macro core.utc_offsets_as_known(known_at) as table
    with used_then as (
        select
            timezone,
            min(superseded_at) as superseded_at
        from core.superseded_utc_offsets
        where superseded_at > known_at
        group by timezone
    )

    select
        timezone,
        starts_at,
        ends_at,
        utc_offset
    from core.utc_offsets
    anti join used_then using (timezone)
    union all
    select
        timezone,
        starts_at,
        ends_at,
        utc_offset
    from core.superseded_utc_offsets
    semi join used_then using (timezone, superseded_at);
comment on macro table core.utc_offsets_as_known is 'One row per time zone and period, by the rules used at a recorded time.'; -- noqa: PRS

create table if not exists core.brands (
    brand_id bigint not null,
    name varchar,
    daily_budget decimal(38, 9),
    monthly_budget decimal(38, 9),
    timezone varchar not null,
    owner varchar,
    is_active boolean not null,
    valid_from timestamptz not null,
    valid_to timestamptz,
    batch_id bigint not null,
    recorded_at timestamptz not null,
    superseded_at timestamptz
);
comment on table core.brands is 'One row per version of a brand.';
comment on column core.brands.daily_budget is 'spend allowed per local day; null: no limit, 0: no delivery';
comment on column core.brands.monthly_budget is 'spend allowed per local month; null: no limit, 0: no delivery';
comment on column core.brands.timezone is 'IANA zone in which the brand counts its days and months';
comment on column core.brands.valid_from is 'when the version was loaded; the first one holds from 2000';
comment on column core.brands.valid_to is 'when the next version was loaded; null: in force';
comment on column core.brands.superseded_at is 'when valid_to was recorded: until then the version was believed to be in force';

create or replace macro core.brands_in_force(instant, known_at) as table
    select versions.* exclude (valid_from, valid_to, superseded_at)
    from core.brands as versions
    -- a version from the future, ended before it began, had been believed to follow on those before it
    anti join (
        select
            brand_id,
            recorded_at
        from core.brands
        where valid_to < valid_from and valid_from <= instant and recorded_at <= known_at and superseded_at > known_at
    ) as believed
        on versions.brand_id = believed.brand_id and versions.recorded_at < believed.recorded_at
    where
        versions.valid_from <= instant
        and versions.recorded_at <= known_at
        and (versions.valid_to is null or versions.valid_to > instant or versions.superseded_at > known_at);
comment on macro table core.brands_in_force is 'One row per brand: its version in force at an instant, as known at a recorded time.'; -- noqa: PRS

create table if not exists core.campaigns (
    campaign_id bigint not null,
    brand_id bigint not null,
    name varchar,
    status varchar not null,
    allowed_start time,
    allowed_end time,
    valid_from timestamptz not null,
    valid_to timestamptz,
    batch_id bigint not null,
    recorded_at timestamptz not null,
    superseded_at timestamptz
);
comment on table core.campaigns is 'One row per version of a campaign.';
comment on column core.campaigns.status is 'the first status only; ops.campaign_status is the record';
comment on column core.campaigns.allowed_start is 'dayparting: UTC time of day from which it may run';
comment on column core.campaigns.allowed_end is 'dayparting: UTC time of day from which it may not; 24:00 is the end of the day';

create or replace macro core.campaigns_in_force(instant, known_at) as table
    select versions.* exclude (valid_from, valid_to, superseded_at)
    from core.campaigns as versions
    -- a version from the future, ended before it began, had been believed to follow on those before it
    anti join (
        select
            campaign_id,
            recorded_at
        from core.campaigns
        where valid_to < valid_from and valid_from <= instant and recorded_at <= known_at and superseded_at > known_at
    ) as believed
        on versions.campaign_id = believed.campaign_id and versions.recorded_at < believed.recorded_at
    where
        versions.valid_from <= instant
        and versions.recorded_at <= known_at
        and (versions.valid_to is null or versions.valid_to > instant or versions.superseded_at > known_at);
comment on macro table core.campaigns_in_force is 'One row per campaign: its version in force at an instant, as known at a recorded time.'; -- noqa: PRS

create table if not exists core.ad_sets (
    ad_set_id bigint not null,
    campaign_id bigint not null,
    name varchar,
    is_active boolean not null,
    valid_from timestamptz not null,
    valid_to timestamptz,
    batch_id bigint not null,
    recorded_at timestamptz not null,
    superseded_at timestamptz
);
comment on table core.ad_sets is 'One row per version of an ad set.';

create table if not exists core.ads (
    ad_id bigint not null,
    ad_set_id bigint not null,
    name varchar,
    is_active boolean not null,
    media_file varchar,
    content varchar,
    cost_per_click decimal(18, 9),
    cost_per_mille decimal(18, 6),
    cost_per_view decimal(18, 9),
    cost_per_acquisition decimal(18, 9),
    valid_from timestamptz not null,
    valid_to timestamptz,
    batch_id bigint not null,
    recorded_at timestamptz not null,
    superseded_at timestamptz
);
comment on table core.ads is 'One row per version of an ad.';
comment on column core.ads.cost_per_mille is 'price of 1,000 impressions; empty: the global default';

create table if not exists core.global_ad_pricing (
    effective_from timestamptz not null,
    cost_per_click decimal(18, 9),
    cost_per_mille decimal(18, 6),
    cost_per_view decimal(18, 9),
    cost_per_acquisition decimal(18, 9),
    valid_from timestamptz not null,
    valid_to timestamptz,
    batch_id bigint not null,
    recorded_at timestamptz not null,
    superseded_at timestamptz
);
comment on table core.global_ad_pricing is 'One row per version of a default price list.';
comment on column core.global_ad_pricing.effective_from is 'first instant at which the list is in force';
comment on column core.global_ad_pricing.valid_to is 'when the row was corrected; null: the row counts';

create or replace view core.reference_rows as
select
    'brands' as table_name,
    brand_id::varchar as id,
    batch_id,
    valid_from
from core.brands
where valid_to is null
union all
select
    'campaigns' as table_name,
    campaign_id::varchar as id,
    batch_id,
    valid_from
from core.campaigns
where valid_to is null
union all
select
    'ad_sets' as table_name,
    ad_set_id::varchar as id,
    batch_id,
    valid_from
from core.ad_sets
where valid_to is null
union all
select
    'ads' as table_name,
    ad_id::varchar as id,
    batch_id,
    valid_from
from core.ads
where valid_to is null
union all
select
    'global_ad_pricing' as table_name,
    epoch_us(effective_from)::varchar as id,
    batch_id,
    valid_from
from core.global_ad_pricing
where valid_to is null;
comment on view core.reference_rows is 'One row per reference row in force: its table, its id, the batch that brought it.';

create or replace view core.transactions as
from hot.transactions
union all
select
    * replace (
        transaction_type::transaction_type as transaction_type,
        cost_type::cost_type as cost_type,
        price_source::price_source as price_source
    )
from sealed.transactions();
comment on view core.transactions is 'One row per priced event or payment; rows are only ever added.';
comment on column core.transactions.transaction_id is 'file_id * 10^10 + line number of the event or payment';
comment on column core.transactions.amount is 'cost or payment, exact; spend is the sum of COST';
comment on column core.transactions.occurred_at is 'when the event happened';
comment on column core.transactions.recorded_at is 'when it was charged here';
comment on column core.transactions.price_source is 'AD: the ad''s own cost; GLOBAL: the default price list; null for payments';
comment on column core.transactions.price_effective_from is 'since when the price used holds';
comment on column core.transactions.batch_id is 'the run that charged it';

create table if not exists core.unpriced (
    transaction_id bigint not null,
    ad_id bigint,
    brand_id bigint,
    event_type event_type,
    amount decimal(18, 9),
    occurred_at timestamptz not null,
    reason varchar not null,
    waiting_since timestamptz not null
);
comment on table core.unpriced is 'One row per accepted event or payment that waits for its ad, its brand or a price.';
comment on column core.unpriced.transaction_id is 'the id it will have in core.transactions';
comment on column core.unpriced.reason is 'what it waits for';

create or replace macro core.to_price(done_through) as table
    select
        core.transaction_id(file_id, line_number) as transaction_id,
        ad_id,
        event_type,
        occurred_at
    from hot.ad_events -- what is not charged yet is never sealed
    where batch_id > done_through
    union all
    select
        transaction_id,
        ad_id,
        event_type,
        occurred_at
    from core.unpriced
    where event_type is not null;

create or replace macro core.payments_to_book(done_through) as table
    select
        core.transaction_id(file_id, line_number) as transaction_id,
        brand_id,
        amount,
        paid_at as occurred_at
    from raw.payments
    where batch_id > done_through
    union all
    select
        transaction_id,
        brand_id,
        amount,
        occurred_at
    from core.unpriced
    where event_type is null;
