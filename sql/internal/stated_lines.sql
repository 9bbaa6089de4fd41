-- One row per line of a statement that was closed; rows are only ever added.
create table if not exists internal.stated_lines (
    brand_id bigint not null,
    local_month date not null,
    of_month date not null,
    line varchar not null,
    campaign_id bigint,
    cost_type varchar,
    detail varchar,
    amount decimal(38, 9) not null,
    events bigint not null,
    campaign_name varchar
);
comment on table internal.stated_lines is 'One row per line of a statement that was closed; rows are only ever added.';
comment on column internal.stated_lines.local_month is 'the month whose statement it is in';
comment on column internal.stated_lines.campaign_name is 'as it was then';
comment on column internal.stated_lines.of_month is 'the month it belongs to: an earlier one, if it came after that was closed';

-- name: add
-- One row per line of the statements of a brand's open months up to one.
insert into internal.stated_lines by name
select
    brand_id,
    local_month,
    of_month,
    line,
    campaign_id,
    cost_type,
    detail,
    amount,
    events,
    campaign_name
from internal.statement_lines
where brand_id = $brand_id and local_month <= $local_month and not is_closed;
