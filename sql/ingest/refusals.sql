-- One row per arrived row that is refused, with the reason; its text as delivered is added afterwards.
create or replace temp table refusals as
select
    file_id,
    line_number,
    fault as reason
from arrived_events
where fault is not null
union all
select
    file_id,
    line_number,
    conflict as reason
from repeated_events
where conflict is not null
union all
select
    file_id,
    line_number,
    fault as reason
from arrived_payments
where fault is not null
union all
select
    file_id,
    line_number,
    conflict as reason
from repeated_payments
where conflict is not null
