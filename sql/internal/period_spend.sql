-- One row per part of the spend of a brand's campaign in a local day or month; the parts of a period add up to it.
-- What is sealed and what was added since are rows of their own: a join finds the files it needs, through a sum it
-- cannot.
create or replace view internal.period_spend as
select
    brand_id,
    campaign_id,
    'DAY' as period,
    local_date as starts_on,
    spend,
    transactions
from internal.daily_spend_parts
union all
select
    brand_id,
    campaign_id,
    'MONTH' as period,
    local_month as starts_on,
    spend,
    transactions
from internal.monthly_spend_parts;
comment on view internal.period_spend is 'One row per part of the spend of a brand''s campaign in a local day or month; the parts of a period add up to it.';
comment on column internal.period_spend.period is 'DAY or MONTH';
comment on column internal.period_spend.starts_on is 'the local date, or the first one of the month';
