-- No row yet: what differences.sql finds at each moment.
create or replace temp table underivable_changes (
    campaign_id bigint,
    change_id bigint,
    stored varchar,
    derived varchar
)
