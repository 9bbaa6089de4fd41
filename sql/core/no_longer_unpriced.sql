-- What has been charged waits no longer.
delete from core.unpriced
where transaction_id in (select transaction_id from core.transactions where batch_id = $batch_id)
