-- What makes the warehouse work stands in a schema that says so, apart from what readers use.
create schema internal;
create table internal.ad_events (
    event_id varchar not null,
    ad_id bigint not null,
    event_type event_type not null,
    occurred_at timestamptz not null,
    file_id bigint not null,
    line_number bigint not null,
    batch_id bigint not null
);
insert into internal.ad_events by name
from hot.ad_events;
drop table hot.ad_events;
create table internal.transactions (
    transaction_id bigint not null,
    brand_id bigint not null,
    campaign_id bigint,
    ad_id bigint,
    amount decimal(18, 9) not null,
    transaction_type transaction_type not null,
    cost_type cost_type,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    price_source price_source,
    price_effective_from timestamptz,
    batch_id bigint not null
);
insert into internal.transactions by name
from hot.transactions;
drop table hot.transactions;
create table internal.daily_spend (
    brand_id bigint not null,
    campaign_id bigint not null,
    cost_type cost_type not null,
    local_date date not null,
    spend decimal(38, 9) not null,
    transactions bigint not null
);
insert into internal.daily_spend by name
from hot.daily_spend;
drop table hot.daily_spend;
create table internal.monthly_spend (
    brand_id bigint not null,
    campaign_id bigint not null,
    cost_type cost_type not null,
    local_month date not null,
    spend decimal(38, 9) not null,
    transactions bigint not null
);
insert into internal.monthly_spend by name
from hot.monthly_spend;
drop table hot.monthly_spend;
create table internal.campaign_status (
    campaign_id bigint not null,
    brand_id bigint not null,
    status varchar not null,
    reason varchar not null,
    changed_at timestamptz not null,
    decided_at timestamptz not null,
    window_start timestamptz,
    window_end timestamptz,
    window_open boolean not null,
    next_change_at timestamptz,
    paused_until timestamptz,
    changed_by varchar,
    note varchar,
    brand_active boolean not null,
    flight_starts_at timestamptz,
    flight_ends_at timestamptz
);
insert into internal.campaign_status by name
from hot.campaign_status;
drop table hot.campaign_status;
create table internal.brand_versions (
    brand_id bigint not null,
    name varchar,
    daily_budget decimal(38, 9),
    monthly_budget decimal(38, 9),
    timezone varchar not null,
    owner varchar,
    is_active boolean not null,
    billing varchar not null,
    currency varchar,
    valid_from timestamptz not null,
    batch_id bigint not null,
    recorded_at timestamptz not null
);
insert into internal.brand_versions by name
from core.brand_versions;
drop table core.brand_versions;
create table internal.campaign_versions (
    campaign_id bigint not null,
    brand_id bigint not null,
    name varchar,
    status varchar not null,
    allowed_start time,
    allowed_end time,
    start_date date,
    end_date date,
    valid_from timestamptz not null,
    batch_id bigint not null,
    recorded_at timestamptz not null
);
insert into internal.campaign_versions by name
from core.campaign_versions;
drop table core.campaign_versions;
create table internal.ad_set_versions (
    ad_set_id bigint not null,
    campaign_id bigint not null,
    name varchar,
    is_active boolean not null,
    valid_from timestamptz not null,
    batch_id bigint not null,
    recorded_at timestamptz not null
);
insert into internal.ad_set_versions by name
from core.ad_set_versions;
drop table core.ad_set_versions;
create table internal.ad_versions (
    ad_id bigint not null,
    ad_set_id bigint not null,
    name varchar,
    is_active boolean not null,
    media_file varchar,
    content varchar,
    cost_per_click decimal(18, 9),
    cost_per_mille decimal(18, 6),
    cost_per_view decimal(18, 9),
    cost_per_acquisition decimal(18, 9),
    valid_from timestamptz not null,
    batch_id bigint not null,
    recorded_at timestamptz not null
);
insert into internal.ad_versions by name
from core.ad_versions;
drop table core.ad_versions;
create table if not exists core.budget_versions (
    budget varchar not null,
    scope varchar not null,
    id bigint not null,
    period varchar not null,
    amount decimal(38, 9) not null,
    effective_from date,
    effective_to date,
    valid_from timestamptz not null,
    batch_id bigint not null,
    recorded_at timestamptz not null
);
create table internal.budget_versions (
    budget varchar not null,
    scope varchar not null,
    id bigint not null,
    period varchar not null,
    amount decimal(38, 9) not null,
    effective_from date,
    effective_to date,
    valid_from timestamptz not null,
    batch_id bigint not null,
    recorded_at timestamptz not null
);
insert into internal.budget_versions by name
from core.budget_versions;
drop table core.budget_versions;
create table if not exists core.dayparting_versions (
    campaign_id bigint not null,
    windows struct(weekdays tinyint[], opens time, closes time, clock varchar)[] not null,
    valid_from timestamptz not null,
    batch_id bigint not null,
    recorded_at timestamptz not null
);
create table internal.dayparting_versions (
    campaign_id bigint not null,
    windows struct(weekdays tinyint[], opens time, closes time, clock varchar)[] not null,
    valid_from timestamptz not null,
    batch_id bigint not null,
    recorded_at timestamptz not null
);
insert into internal.dayparting_versions by name
from core.dayparting_versions;
drop table core.dayparting_versions;
create table internal.global_ad_pricing_versions (
    effective_from timestamptz not null,
    cost_per_click decimal(18, 9),
    cost_per_mille decimal(18, 6),
    cost_per_view decimal(18, 9),
    cost_per_acquisition decimal(18, 9),
    valid_from timestamptz not null,
    batch_id bigint not null,
    recorded_at timestamptz not null
);
insert into internal.global_ad_pricing_versions by name
from core.global_ad_pricing_versions;
drop table core.global_ad_pricing_versions;
create table internal.brand_zone_versions (
    brand_id bigint not null,
    timezone varchar not null,
    valid_from timestamptz not null,
    batch_id bigint not null,
    recorded_at timestamptz not null
);
insert into internal.brand_zone_versions by name
from core.brand_zone_versions;
drop table core.brand_zone_versions;
create table if not exists ops.acknowledgements (
    acknowledged_at timestamptz not null,
    acknowledged_by varchar not null,
    reason varchar not null,
    file_id bigint not null,
    table_name varchar,
    id varchar
);
create table internal.acknowledgements (
    acknowledged_at timestamptz not null,
    acknowledged_by varchar not null,
    reason varchar not null,
    file_id bigint not null,
    table_name varchar,
    id varchar
);
insert into internal.acknowledgements by name
from ops.acknowledgements;
drop table ops.acknowledgements;
create table internal.attempts (
    name varchar not null,
    bytes bigint not null,
    changed_ns bigint not null,
    attempts integer not null,
    failed_reads integer not null,
    waits_for varchar
);
insert into internal.attempts by name
from ops.attempts;
drop table ops.attempts;
create table if not exists ops.backfills (
    attempt varchar not null,
    folder varchar not null,
    engine varchar not null,
    began_at timestamptz not null,
    newest_batch_id bigint not null,
    batch_id bigint not null,
    first_file_id bigint not null,
    last_file_id bigint not null,
    adopted_at timestamptz,
    rows_loaded bigint,
    spend decimal(38, 9)
);
create table internal.backfills (
    attempt varchar not null,
    folder varchar not null,
    engine varchar not null,
    began_at timestamptz not null,
    newest_batch_id bigint not null,
    batch_id bigint not null,
    first_file_id bigint not null,
    last_file_id bigint not null,
    adopted_at timestamptz,
    rows_loaded bigint,
    spend decimal(38, 9)
);
insert into internal.backfills by name
from ops.backfills;
drop table ops.backfills;
create table internal.batches (
    batch_id bigint not null,
    run_id varchar not null,
    recorded_at timestamptz not null
);
insert into internal.batches by name
from ops.batches;
drop table ops.batches;
create table internal.retries (
    file_id bigint not null,
    rows_tried bigint not null,
    rows_loaded bigint not null,
    rows_duplicate bigint not null,
    rows_rejected bigint not null,
    batch_id bigint not null,
    read_at timestamptz not null,
    recorded_at timestamptz not null
);
insert into internal.retries by name
from ops.retries;
drop table ops.retries;
create table internal.watermarks (
    table_name varchar not null,
    batch_id bigint not null,
    recorded_at timestamptz not null
);
insert into internal.watermarks by name
from ops.watermarks;
drop table ops.watermarks;
create table internal.missing_rows (
    table_name varchar not null,
    id varchar not null,
    file_id bigint not null,
    recorded_at timestamptz not null
);
insert into internal.missing_rows by name
from ops.missing_rows;
drop table ops.missing_rows;
create table internal.reference_files (
    file_id bigint not null,
    kind varchar not null,
    name varchar not null,
    sha256 varchar,
    bytes bigint not null,
    changed_ns bigint not null,
    outcome varchar not null,
    reason varchar,
    rows_read bigint not null,
    rows_loaded bigint not null,
    rows_duplicate bigint not null,
    rows_rejected bigint not null,
    batch_id bigint not null,
    recorded_at timestamptz not null
);
insert into internal.reference_files by name
from ops.reference_files;
drop table ops.reference_files;
create table internal.overspend_due (
    brand_id bigint not null,
    local_date date not null
);
insert into internal.overspend_due by name
from ops.overspend_due;
drop table ops.overspend_due;
create table internal.evidence_checks (
    checked_through timestamptz not null,
    changes bigint not null,
    differences bigint not null,
    run_id varchar not null
);
insert into internal.evidence_checks by name
from ops.evidence_checks;
drop table ops.evidence_checks;
create table internal.definitions (
    sha256 varchar not null
);
insert into internal.definitions by name
from ops.definitions;
drop table ops.definitions;
create table if not exists ops.files_let_go (
    path varchar not null,
    let_go_at timestamptz not null,
    reason varchar not null
);
create table internal.files_let_go (
    path varchar not null,
    let_go_at timestamptz not null,
    reason varchar not null
);
insert into internal.files_let_go by name
from ops.files_let_go;
drop table ops.files_let_go;
create table if not exists ops.mendings (
    mended_at timestamptz not null,
    mended_by varchar not null,
    reason varchar not null,
    table_name varchar not null,
    rows bigint not null
);
create table internal.mendings (
    mended_at timestamptz not null,
    mended_by varchar not null,
    reason varchar not null,
    table_name varchar not null,
    rows bigint not null
);
insert into internal.mendings by name
from ops.mendings;
drop table ops.mendings;
create table if not exists ops.reading_limits (
    recorded_at timestamptz not null,
    max_file_bytes bigint not null,
    max_line_bytes bigint not null,
    max_json_depth bigint not null,
    max_expansion bigint not null,
    conflict_days bigint not null,
    events_zone varchar,
    payments_zone varchar,
    prices_zone varchar
);
create table internal.reading_limits (
    recorded_at timestamptz not null,
    max_file_bytes bigint not null,
    max_line_bytes bigint not null,
    max_json_depth bigint not null,
    max_expansion bigint not null,
    conflict_days bigint not null,
    events_zone varchar,
    payments_zone varchar,
    prices_zone varchar
);
insert into internal.reading_limits by name
from ops.reading_limits;
drop table ops.reading_limits;
create table if not exists ops.refused_files_gone (
    file_id bigint not null,
    recorded_at timestamptz not null
);
create table internal.refused_files_gone (
    file_id bigint not null,
    recorded_at timestamptz not null
);
insert into internal.refused_files_gone by name
from ops.refused_files_gone;
drop table ops.refused_files_gone;
create table if not exists ops.sealed_file_states (
    name varchar not null,
    state varchar not null,
    bytes bigint not null,
    changed_ns bigint not null,
    verified_at timestamptz not null
);
create table internal.sealed_file_states (
    name varchar not null,
    state varchar not null,
    bytes bigint not null,
    changed_ns bigint not null,
    verified_at timestamptz not null
);
insert into internal.sealed_file_states by name
from ops.sealed_file_states;
drop table ops.sealed_file_states;
drop view if exists core.column_meanings;
drop view if exists core.limit_kinds;
drop view if exists core.periods;
drop view if exists core.reference_rows;
drop view if exists core.brand_currencies;
drop view if exists ops.open_missing_rows;
drop view if exists ops.unreadable_sealed_files;
drop view if exists ops.refused_files;
drop view if exists mart.daily_spend_parts;
drop view if exists mart.monthly_spend_parts;
drop view if exists mart.period_spend;
drop view if exists sealed.lost_ad_events;
drop view if exists sealed.lost_transactions;
drop view if exists sealed.lost_daily_spend;
drop view if exists sealed.lost_monthly_spend;
drop schema hot;
drop macro table if exists sealed.ad_events; -- noqa: PRS
drop macro table if exists sealed.transactions; -- noqa: PRS
drop macro table if exists sealed.daily_spend; -- noqa: PRS
drop macro table if exists sealed.monthly_spend; -- noqa: PRS
