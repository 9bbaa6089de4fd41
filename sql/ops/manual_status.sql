-- The status a person has set.
update ops.campaign_status
set
    status = $status,
    reason = 'MANUAL',
    changed_at = $now,
    decided_at = $now
where campaign_id = $campaign_id
