-- One row per line of a brand's statement of a month, in the order in which it is read.
--
-- Rounding: amounts are exact. In `rounded` each line has two decimals, half a cent away from zero; what the rounded
-- lines miss of the rounded closing balance is a line of its own, so that a statement adds up as it is printed.
create or replace view mart.statement as
with lines as (
    select
        *,
        case line when 'PAYMENT' then amount when 'OVER_DELIVERY' then 0 else -amount end as effect,
        case line when 'PAYMENT' then 1 when 'OVER_DELIVERY' then 0 else -1 end as sign
    from internal.statement_lines
),

months as (
    select
        brand_id,
        unnest(range(min(local_month), max(local_month) + interval 1 day, interval 1 month))::date as local_month
    from (
        select
            brand_id,
            local_month
        from lines
        union all
        select
            brand_id,
            local_month
        from ops.closed_months
    ) as with_quiet_months
    group by brand_id
),

totals as (
    select
        months.brand_id,
        months.local_month,
        coalesce(sum(lines.effect), 0) as effect,
        coalesce(sum(lines.sign * round(lines.amount, 2)), 0) as rounded_effect
    from months
    left join lines using (brand_id, local_month)
    group by all
),

balances as (
    select
        *,
        sum(effect) over (partition by brand_id order by local_month) as closing_balance,
        closing_balance - effect as opening_balance
    from totals
),

stated as (
    select
        brand_id,
        local_month,
        of_month,
        list_position(['COST', 'CORRECTION', 'CREDIT', 'PAYMENT', 'ROUNDING', 'CLOSING_BALANCE', 'OVER_DELIVERY'], line)
            as place,
        line,
        campaign_id,
        campaign_name,
        cost_type,
        detail,
        events,
        amount,
        round(amount, 2) as rounded
    from lines
    union all by name
    select
        brand_id,
        local_month,
        local_month as of_month,
        around.*
    from (
        select
            brand_id,
            local_month,
            unnest(
                [
                    {
                        'place': 0,
                        'line': 'OPENING_BALANCE',
                        'amount': opening_balance,
                        'rounded': round(opening_balance, 2)
                    },
                    {
                        'place': 5,
                        'line': 'ROUNDING',
                        'amount': 0,
                        'rounded': round(closing_balance, 2) - round(opening_balance, 2) - rounded_effect
                    },
                    {
                        'place': 6,
                        'line': 'CLOSING_BALANCE',
                        'amount': closing_balance,
                        'rounded': round(closing_balance, 2)
                    }
                ]
            ) as around
        from balances
    ) as balanced
)

select
    stated.brand_id,
    case when closed.recorded_at is null then brands.brand_name else closed.brand_name end as brand_name,
    stated.local_month,
    row_number() over (
        partition by stated.brand_id, stated.local_month
        order by stated.place asc, stated.of_month desc, stated.campaign_id asc, stated.cost_type asc, stated.detail asc
    ) as place,
    stated.line,
    stated.of_month,
    stated.campaign_id,
    stated.campaign_name,
    stated.cost_type,
    stated.detail,
    stated.events,
    stated.amount::decimal(38, 9) as amount,
    stated.rounded::decimal(38, 2) as rounded,
    brands.currency,
    closed.recorded_at is not null as is_closed
from stated
left join mart.brands on stated.brand_id = brands.brand_id
left join ops.closed_months as closed
    on stated.brand_id = closed.brand_id and stated.local_month = closed.local_month;
comment on view mart.statement is 'One row per line of a brand''s statement of a month, in the order in which it is read.';
comment on column mart.statement.place is 'from 1, within the statement';
comment on column mart.statement.line is 'OPENING_BALANCE, COST, CORRECTION, CREDIT (of over-delivery), PAYMENT, ROUNDING, CLOSING_BALANCE; OVER_DELIVERY: part of the costs, for information';
comment on column mart.statement.of_month is 'the month it belongs to: an earlier one, if it came after that was closed';
comment on column mart.statement.detail is 'of over-delivery: which budgets, and why';
comment on column mart.statement.events is 'how many costs, corrections or payments; of over-delivery, periods';
comment on column mart.statement.amount is 'exact; costs above zero, what is taken back of them below; balances above zero are the brand''s money';
comment on column mart.statement.rounded is 'two decimals, half a cent away from zero; ROUNDING: what the rounded lines miss of the rounded closing balance, above zero it adds to it';
comment on column mart.statement.is_closed is 'it stays as it is; what comes later is in a later statement';
