-- What could be seen of spend at a recorded time.
create or replace macro mart.costs_as_known(known_at) as table
    select *
    from core.transactions
    where transaction_type <> 'PAYMENT' and batch_id <= ops.summed_batch(known_at);
comment on macro table mart.costs_as_known is 'Costs and corrections of them that could be seen at a recorded time.'; -- noqa: PRS

create or replace macro mart.payments_as_known(known_at) as table
    select
        payments.brand_id,
        payments.amount,
        payments.paid_at as occurred_at
    from raw.payments
    anti join core.unpriced as waiting
        on core.transaction_id(payments.file_id, payments.line_number) = waiting.transaction_id
    where payments.batch_id <= ops.summed_batch(known_at);
comment on macro table mart.payments_as_known is 'Booked payments that could be seen at a recorded time.'; -- noqa: PRS

create or replace macro mart.brand_spend_as_known(decided_for, known_at, only_brand := null) as table
    with clocks as (
        select
            brands.brand_id,
            zones.timezone,
            brands.daily_budget,
            brands.monthly_budget,
            core.local_time(decided_for::timestamptz, periods.utc_offset)::date as local_date
        from core.brands_in_force(decided_for, known_at) as brands
        inner join core.brand_zones_in_force(decided_for, known_at) as zones using (brand_id)
        inner join core.brand_offsets(known_at, decided_for, decided_for) as periods
            on
                brands.brand_id = periods.brand_id
                and periods.starts_at <= decided_for
                and periods.ends_at > decided_for
        where only_brand is null or brands.brand_id = only_brand
    ),

    -- Each brand's month and day as instants, one row per offset in it: comparing those with 30 M costs takes a third
    -- of the time of working out 30 M local dates.
    spans as materialized (
        select
            clocks.brand_id,
            greatest(
                offsets.starts_at, core.instant_of(date_trunc('month', clocks.local_date), offsets.utc_offset)
            ) as starts_at,
            least(
                offsets.ends_at,
                core.instant_of(date_trunc('month', clocks.local_date) + interval 1 month, offsets.utc_offset)
            ) as ends_at,
            core.instant_of(clocks.local_date, offsets.utc_offset) as day_starts_at,
            core.instant_of(clocks.local_date + 1, offsets.utc_offset) as day_ends_at
        from clocks
        inner join
            core.brand_offsets(
                known_at, decided_for::timestamptz - interval 34 days, decided_for
            ) as offsets
            on clocks.brand_id = offsets.brand_id
    ),

    spent as (
        select
            spans.brand_id,
            sum(costs.amount)
            filter (where costs.occurred_at >= spans.day_starts_at and costs.occurred_at < spans.day_ends_at)
                as daily_spend,
            sum(costs.amount) as monthly_spend
        from mart.costs_as_known(known_at) as costs
        inner join spans
            on
                costs.brand_id = spans.brand_id
                and costs.occurred_at >= spans.starts_at
                and costs.occurred_at < spans.ends_at
        where
            costs.occurred_at <= decided_for
            -- no month that is under way anywhere began earlier: what is sealed of the time before is not opened
            and costs.occurred_at >= core.earliest_month_start(decided_for::timestamptz)
        group by spans.brand_id
    )

    select
        clocks.brand_id,
        clocks.timezone,
        clocks.local_date,
        coalesce(spent.daily_spend, 0)::decimal(38, 9) as daily_spend,
        clocks.daily_budget,
        coalesce(spent.monthly_spend, 0)::decimal(38, 9) as monthly_spend,
        clocks.monthly_budget
    from clocks
    left join spent on clocks.brand_id = spent.brand_id;
comment on macro table mart.brand_spend_as_known is 'One row per brand: what a decision for an instant sees of it from what could be seen at a recorded time; with only_brand := 5 of one.'; -- noqa: PRS
