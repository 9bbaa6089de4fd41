-- One row per kind of limit, in the order in which a reason is named: to add a period or a scope is to add a row.
create or replace view internal.periods as
select *
from (
    values
    ('HOUR', 'hour', interval 1 hour),
    ('DAY', 'day', interval 1 day),
    ('WEEK', 'week', interval 7 days),
    ('MONTH', 'month', interval 1 month),
    ('LIFETIME', null, null)
) as periods (period, unit, length);
comment on view internal.periods is 'One row per period of a budget, on the brand''s clock.';
comment on column internal.periods.unit is 'what a local time is cut to; null: all time is one';
comment on column internal.periods.length is 'from one start to the next';

create or replace view internal.limit_kinds as
select *
from (
    values
    (1, 'BRAND', 'HOUR', 'HOUR', 'HOURLY_BUDGET_REACHED'),
    (2, 'BRAND', 'DAY', 'DAY', 'DAILY_BUDGET_REACHED'),
    (3, 'BRAND', 'WEEK', 'WEEK', 'WEEKLY_BUDGET_REACHED'),
    (4, 'BRAND', 'MONTH', 'MONTH', 'MONTHLY_BUDGET_REACHED'),
    (5, 'BRAND', 'LIFETIME', 'LIFETIME', 'LIFETIME_BUDGET_REACHED'),
    (6, 'BRAND', 'FUNDS', 'LIFETIME', 'NO_FUNDS'),
    (7, 'CAMPAIGN', 'HOUR', 'HOUR', 'CAMPAIGN_HOURLY_BUDGET_REACHED'),
    (8, 'CAMPAIGN', 'DAY', 'DAY', 'CAMPAIGN_DAILY_BUDGET_REACHED'),
    (9, 'CAMPAIGN', 'WEEK', 'WEEK', 'CAMPAIGN_WEEKLY_BUDGET_REACHED'),
    (10, 'CAMPAIGN', 'MONTH', 'MONTH', 'CAMPAIGN_MONTHLY_BUDGET_REACHED'),
    (11, 'CAMPAIGN', 'LIFETIME', 'LIFETIME', 'CAMPAIGN_LIFETIME_BUDGET_REACHED')
) as kinds (place, scope, period, spent_in, reason);
comment on view internal.limit_kinds is 'One row per kind of limit, in the order in which a reason is named.';
comment on column internal.limit_kinds.spent_in is 'the period whose spend is held against it: all that was ever spent uses up the funds';
