-- What the decision would make of the status a person has set, and when. Reads decided.
update ops.campaign_status as recorded
set
    window_start = decided.window_start,
    window_end = decided.window_end,
    window_open = decided.window_open,
    next_change_at = case when decided.final_status = decided.status then decided.next_change_at else $now end
from decided
where recorded.campaign_id = $campaign_id and decided.campaign_id = $campaign_id
