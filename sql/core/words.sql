-- How amounts, limits and instants are said to people, wherever they are shown.

-- an amount as people read it: exact, with at least two decimals, which are those of a cent
create or replace macro core.amount_for_people(amount) as
format('{:,}', trunc(amount)::hugeint)
|| regexp_replace(regexp_extract(amount::decimal(38, 9)::varchar, '\.[0-9]+$'), '(\.[0-9]{2}[0-9]*?)0*$', '\1');

create or replace macro core.period_for_people(period) as
case period
    when 'HOUR' then 'this hour'
    when 'DAY' then 'today'
    when 'WEEK' then 'this week'
    when 'MONTH' then 'this month'
    when 'LIFETIME' then 'of all time'
    when 'FUNDS' then 'paid in advance'
end;

-- how much of a limit is spent: 82 % of 40.00 USD, this week
create or replace macro core.share_for_people(scope, period, spend, budget, currency) as
case when budget > 0 then format('{:.0f} % of ', 100 * (spend / budget)) else 'a budget of ' end
|| core.amount_for_people(budget)
|| ' '
|| currency
|| ', '
|| core.period_for_people(period)
|| case scope when 'CAMPAIGN' then ', its own' else '' end;

-- a limit that is reached: day 4.12 of 0.50 USD spent
create or replace macro core.reached_for_people(scope, period, spend, budget, currency) as
case scope when 'CAMPAIGN' then 'its own ' else '' end
|| case period when 'LIFETIME' then 'total' else lower(period) end
|| ' '
|| core.amount_for_people(spend)
|| ' of '
|| core.amount_for_people(budget)
|| ' '
|| currency
|| ' spent';

-- an hour on a clock; with the day, or the date, when it is not within the day, or the days, that follow another one
create or replace macro core.hour_for_people(shown, instant, since) as
case
    when instant >= since and instant < since + interval 1 day then strftime(shown, '%H:%M')
    when instant >= since and instant < since + interval 6 days then strftime(shown, '%a %H:%M')
    else strftime(shown, '%-d %b %Y %H:%M')
end;

-- an instant on a brand's clock and in UTC: 00:00 Sydney, 13:00 UTC
create or replace macro core.instant_for_people(instant, since, timezone, utc_offset) as
case
    when timezone = 'UTC' or utc_offset is null then ''
    else
        core.hour_for_people(core.local_time(instant, utc_offset), instant, since)
        || ' '
        || replace(regexp_extract(timezone, '[^/]+$'), '_', ' ')
        || ', '
end
|| core.hour_for_people(core.local_time(instant, 0), instant, since)
|| ' UTC';

-- what a person has said of a campaign, if that holds it
create or replace macro core.person_for_people(status, changed_by, resumes, note) as
case status
    when 'DRAFT' then 'a draft until a person schedules it'
    when 'PAUSED' then concat('paused', ' by ' || changed_by, ' until ' || resumes, ': ' || note)
    when 'COMPLETED' then concat('completed', ' by ' || changed_by, ': ' || note)
end;

-- a window that is closed; null: it is open
create or replace macro core.window_for_people(is_open, opens) as
case
    when not is_open then 'its window is closed, ' || coalesce('it opens at ' || opens, 'none opens any more')
end;

-- an instant as ISO 8601 in UTC; one that never comes is none
create or replace macro core.instant_for_machines(instant) as
case when isfinite(instant) then strftime(make_timestamp(epoch_us(instant)), '%Y-%m-%dT%H:%M:%S.%fZ') end;
