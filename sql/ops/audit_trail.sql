-- One row per change of a status, correction, restatement and closed month, with all that is known of it.
create or replace view ops.audit_trail as
select
    changes.recorded_at,
    changes.decided_at as happened_at,
    'STATUS_CHANGE' as kind,
    changes.brand_id,
    changes.campaign_id,
    concat(
        coalesce(changes.from_status, 'first seen'),
        ' -> ',
        changes.to_status,
        ': ',
        changes.reason,
        ', by ',
        changes.changed_by
    ) as what,
    to_json(changes)::varchar as evidence
from ops.campaign_status_changes as changes
union all
select
    corrections.recorded_at,
    corrections.occurred_at as happened_at,
    'CORRECTION' as kind,
    corrections.brand_id,
    corrections.campaign_id,
    concat(corrections.amount, ' of cost ', corrections.corrected_transaction_id, ': ', corrections.reason) as what,
    to_json(corrections)::varchar as evidence
from core.corrections as corrections
union all
select
    restatements.recorded_at,
    null as happened_at,
    'RESTATEMENT' as kind,
    restatements.brand_id,
    null as campaign_id,
    concat(restatements.local_date, ': ', restatements.spend_before, ' -> ', restatements.spend_after) as what,
    to_json(restatements)::varchar as evidence
from mart.restatements as restatements
union all
select
    closed.recorded_at,
    null as happened_at,
    'MONTH_CLOSED' as kind,
    closed.brand_id,
    null as campaign_id,
    concat(closed.local_month, ' closed by ', closed.closed_by, ': ', closed.note) as what,
    to_json(closed)::varchar as evidence
from ops.closed_months as closed;
comment on view ops.audit_trail is 'One row per change of a status, correction, restatement and closed month, with all that is known of it.';
comment on column ops.audit_trail.happened_at is 'the instant decided for, or of the event; null: only recorded_at is known';
comment on column ops.audit_trail.kind is 'STATUS_CHANGE, CORRECTION, RESTATEMENT or MONTH_CLOSED';
comment on column ops.audit_trail.what is 'in words';
comment on column ops.audit_trail.evidence is 'the whole row, as JSON: of ops.campaign_status_changes, core.corrections, mart.restatements or ops.closed_months';
