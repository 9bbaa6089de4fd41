-- A change of a status tells which limits were foreseen to be reached, and so does each limit in force.
alter table ops.campaign_status_changes add column limits_projected struct("scope" varchar, "period" varchar, spend decimal(38, 9), budget decimal(38, 9), hourly_rate decimal(38, 9), horizon_seconds bigint, projected_spend decimal(38, 9), stopped_at timestamptz)[]; -- noqa
alter table mart.budgets add column foreseen boolean;
update mart.budgets set foreseen = false;
