-- The status a person has set, if the campaign still has the one it was set from.
update ops.campaign_status
set
    status = $status,
    reason = 'MANUAL',
    changed_at = $now,
    decided_at = $now,
    paused_until = $paused_until
where campaign_id = $campaign_id and status = $from_status
