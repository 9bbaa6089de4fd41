-- history.all_events
SELECT
  event_id,
  ad_id,
  event_type,
  occurred_at,
  file_id,
  line_number,
  arrival
FROM read_events
UNION ALL
SELECT
  event_id,
  ad_id,
  event_type,
  occurred_at,
  file_id,
  line_number,
  arrival
FROM ledger_events;

-- history.brand_offsets
SELECT
  brand_id,
  starts_at,
  ends_at,
  utc_offset
FROM all_brand_offsets
WHERE
  ends_at > CAST('2026-01-01 00:00:00.000000+00:00' AS TIMESTAMP)
  AND starts_at < CAST('2026-02-01 12:30:00.000000+00:00' AS TIMESTAMP);

-- history.charged_events
WITH due AS (
  SELECT
    priced_events.*,
    COALESCE(charging_of_lines.charge_batch_id, charging_of_files.charge_batch_id) AS charge_batch_id,
    COALESCE(charging_of_lines.charged_at, charging_of_files.charged_at) AS charged_at,
    GREATEST(ads_first_known.known_since, CAST('2026-01-15 00:00:00.000001+00:00' AS TIMESTAMP)) AS known_since
  FROM priced_events
  INNER JOIN charging_of_files
    ON (
      priced_events.transaction_id - priced_events.transaction_id % 10000000000
    ) = charging_of_files.file_id * 10000000000
  LEFT JOIN charging_of_lines
    ON priced_events.transaction_id = charging_of_lines.transaction_id
  INNER JOIN ads_first_known
    ON priced_events.ad_id = ads_first_known.ad_id
), charged AS (
  SELECT
    due.*,
    due.charge_batch_id AS batch_id,
    due.charged_at AS recorded_at
  FROM due
  WHERE
    known_since <= charged_at
  UNION ALL
  SELECT
    due.*,
    charges.batch_id,
    charges.charged_at AS recorded_at
  FROM due
  INNER JOIN charges
    ON due.known_since > charges.charged_before
    AND due.known_since <= charges.charged_at
  WHERE
    due.known_since > due.charged_at
)
SELECT
  transaction_id,
  brand_id,
  campaign_id,
  ad_id,
  amount,
  'COST' AS transaction_type,
  cost_type,
  occurred_at,
  recorded_at,
  price_source,
  price_effective_from,
  batch_id,
  CAST(TIMESTAMP_MICROS(UNIX_MICROS(occurred_at)) AS DATE) AS day
FROM charged;

-- history.charging_of_lines
SELECT
  events.file_id * 10000000000 + events.line_number AS transaction_id,
  batches.charge_batch_id,
  batches.charged_at
FROM accepted_events AS events
INNER JOIN charging_of_files AS files
  ON events.file_id = files.file_id
INNER JOIN charging_of_batches AS batches
  ON events.batch_id = batches.batch_id
WHERE
  events.batch_id <> files.batch_id;

-- history.costs_to_sum
SELECT
  brand_id,
  campaign_id,
  cost_type,
  amount,
  TRUE AS is_cost,
  occurred_at
FROM charged_costs
UNION ALL
SELECT
  brand_id,
  campaign_id,
  cost_type,
  amount,
  FALSE AS is_cost,
  occurred_at
FROM booked_corrections;

-- history.event_candidates
WITH repeated_ids AS (
  SELECT
    event_id
  FROM all_events
  GROUP BY
    event_id
  HAVING
    COUNT(*) > 1
)
SELECT
  all_events.*
FROM all_events
INNER JOIN repeated_ids
  ON all_events.event_id = repeated_ids.event_id;

-- history.events_to_price
SELECT
  events.file_id * 10000000000 + events.line_number AS transaction_id,
  events.ad_id,
  events.event_type,
  events.occurred_at
FROM accepted_events AS events
INNER JOIN charging_of_batches AS batches
  ON events.batch_id = batches.batch_id
WHERE
  batches.state = 1
UNION ALL
SELECT
  transaction_id,
  ad_id,
  event_type,
  occurred_at
FROM waiting_events;

-- history.first_events
SELECT
  event_id,
  ad_id,
  event_type,
  occurred_at,
  file_id,
  line_number,
  arrival AS batch_id,
  CAST(TIMESTAMP_MICROS(UNIX_MICROS(occurred_at)) AS DATE) AS day
FROM ranked_events
WHERE
  place = 1
  AND arrival >= 7
  AND occurred_at >= CAST('2026-01-01 00:00:00.000000+00:00' AS TIMESTAMP)
  AND occurred_at < CAST('2026-02-01 12:30:00.000000+00:00' AS TIMESTAMP);

-- history.ledger_events
SELECT
  ledger_rows.event_id,
  ledger_rows.ad_id,
  ledger_rows.event_type,
  ledger_rows.occurred_at,
  ledger_rows.file_id,
  ledger_rows.line_number,
  ledger_rows.batch_id AS arrival
FROM ledger_rows
INNER JOIN known_files
  ON ledger_rows.file_id = known_files.file_id;

-- history.read_events
SELECT
  rows_read.event_id,
  rows_read.ad_id,
  rows_read.event_type,
  rows_read.occurred_at,
  rows_read.file_id,
  rows_read.line_number,
  rows_read.reading,
  readings.batch_id AS arrival
FROM arrived_rows AS rows_read
INNER JOIN readings
  ON rows_read.file_id = readings.file_id AND rows_read.reading = readings.reading
LEFT JOIN known_conflicts
  ON rows_read.file_id = known_conflicts.file_id
  AND rows_read.line_number = known_conflicts.line_number
WHERE
  rows_read.facts IS NULL
  AND rows_read.fault IS NULL
  AND known_conflicts.file_id IS NULL;

-- history.repeated_events
SELECT
  event_id,
  file_id,
  line_number,
  first_file_id,
  first_line_number,
  ad_id <> first_ad_id
  OR event_type <> first_event_type
  OR occurred_at <> first_occurred_at AS is_conflict
FROM ranked_events
WHERE
  place > 1 AND arrival >= 7;

-- history.totals
WITH days AS (
  SELECT
    CAST(TIMESTAMP_MICROS(UNIX_MICROS(occurred_at)) AS DATE) AS day,
    amount,
    occurred_at
  FROM written_rows
)
SELECT
  day,
  COUNT(*) AS row_count,
  CAST(SUM(amount) AS DECIMAL(38, 9)) AS amount,
  MIN(occurred_at) AS first_at,
  MAX(occurred_at) AS last_at
FROM days
GROUP BY
  day;

-- history.unpriced_events
SELECT
  events.transaction_id,
  events.ad_id,
  events.event_type,
  events.occurred_at
FROM events_to_price AS events
LEFT JOIN priced_events
  ON events.transaction_id = priced_events.transaction_id
WHERE
  priced_events.transaction_id IS NULL;

-- portable.priced_events
WITH ad_hierarchy AS (
  SELECT
    ads.ad_id,
    ad_sets.campaign_id,
    campaigns.brand_id,
    ads.cost_per_click,
    CAST(ads.cost_per_mille * CAST(0.001 AS DECIMAL(4, 3)) AS DECIMAL(18, 9)) AS cost_per_impression,
    ads.cost_per_view,
    ads.cost_per_acquisition,
    ads.valid_from AS price_effective_from,
    GREATEST(ads.valid_from, ad_sets.valid_from, campaigns.valid_from) AS starts_at,
    COALESCE(
      LEAST(ads.valid_to, ad_sets.valid_to, campaigns.valid_to),
      CAST('9999-12-31 00:00:00+00' AS TIMESTAMP)
    ) AS ends_at
  FROM core_ads AS ads
  INNER JOIN core_ad_sets AS ad_sets
    ON ads.ad_set_id = ad_sets.ad_set_id
  INNER JOIN core_campaigns AS campaigns
    ON ad_sets.campaign_id = campaigns.campaign_id
), price_lists AS (
  SELECT
    effective_from,
    cost_per_click,
    CAST(cost_per_mille * CAST(0.001 AS DECIMAL(4, 3)) AS DECIMAL(18, 9)) AS cost_per_impression,
    cost_per_view,
    cost_per_acquisition,
    LEAD(effective_from, 1, CAST('9999-12-31 00:00:00+00' AS TIMESTAMP)) OVER (ORDER BY effective_from NULLS LAST) AS ends_at
  FROM core_global_ad_pricing
  WHERE
    valid_to IS NULL
), prices_of_types AS (
  SELECT
    price_lists.effective_from,
    price_lists.ends_at,
    types.event_type AS event_type,
    CASE types.event_type
      WHEN 'click'
      THEN price_lists.cost_per_click
      WHEN 'impression'
      THEN price_lists.cost_per_impression
      WHEN 'view'
      THEN price_lists.cost_per_view
      WHEN 'acquisition'
      THEN price_lists.cost_per_acquisition
    END AS amount
  FROM price_lists
  CROSS JOIN VALUES
    ('click'),
    ('impression'),
    ('view'),
    ('acquisition') AS types(event_type)
), global_prices AS (
  SELECT
    *
  FROM prices_of_types
  WHERE
    NOT amount IS NULL
), priced AS (
  SELECT
    events.transaction_id,
    ad_hierarchy.brand_id,
    ad_hierarchy.campaign_id,
    events.ad_id,
    events.event_type,
    events.occurred_at,
    CASE events.event_type
      WHEN 'click'
      THEN ad_hierarchy.cost_per_click
      WHEN 'impression'
      THEN ad_hierarchy.cost_per_impression
      WHEN 'view'
      THEN ad_hierarchy.cost_per_view
      WHEN 'acquisition'
      THEN ad_hierarchy.cost_per_acquisition
    END AS own_amount,
    global_prices.amount AS global_amount,
    ad_hierarchy.price_effective_from,
    global_prices.effective_from AS global_effective_from
  FROM events_to_price AS events
  INNER JOIN ad_hierarchy
    ON events.ad_id = ad_hierarchy.ad_id
    AND events.occurred_at >= ad_hierarchy.starts_at
    AND events.occurred_at < ad_hierarchy.ends_at
  LEFT JOIN global_prices
    ON events.event_type = global_prices.event_type
    AND events.occurred_at >= global_prices.effective_from
    AND events.occurred_at < global_prices.ends_at
)
SELECT
  transaction_id,
  brand_id,
  campaign_id,
  ad_id,
  COALESCE(own_amount, global_amount) AS amount,
  CASE event_type
    WHEN 'click'
    THEN 'CLICK'
    WHEN 'impression'
    THEN 'IMPRESSION'
    WHEN 'view'
    THEN 'VIEW'
    WHEN 'acquisition'
    THEN 'ACQUISITION'
  END AS cost_type,
  occurred_at,
  CASE WHEN NOT own_amount IS NULL THEN 'AD' ELSE 'GLOBAL' END AS price_source,
  CASE
    WHEN NOT own_amount IS NULL
    THEN price_effective_from
    ELSE global_effective_from
  END AS price_effective_from
FROM priced
WHERE
  NOT own_amount IS NULL OR NOT global_amount IS NULL;

-- portable.ranked_events
SELECT
  event_id,
  ad_id,
  event_type,
  occurred_at,
  file_id,
  line_number,
  arrival,
  ROW_NUMBER() OVER (
    PARTITION BY event_id
    ORDER BY arrival NULLS LAST, file_id NULLS LAST, line_number NULLS LAST
  ) AS place,
  FIRST_VALUE(ad_id) OVER (
    PARTITION BY event_id
    ORDER BY arrival NULLS LAST, file_id NULLS LAST, line_number NULLS LAST
  ) AS first_ad_id,
  FIRST_VALUE(event_type) OVER (
    PARTITION BY event_id
    ORDER BY arrival NULLS LAST, file_id NULLS LAST, line_number NULLS LAST
  ) AS first_event_type,
  FIRST_VALUE(occurred_at) OVER (
    PARTITION BY event_id
    ORDER BY arrival NULLS LAST, file_id NULLS LAST, line_number NULLS LAST
  ) AS first_occurred_at,
  FIRST_VALUE(file_id) OVER (
    PARTITION BY event_id
    ORDER BY arrival NULLS LAST, file_id NULLS LAST, line_number NULLS LAST
  ) AS first_file_id,
  FIRST_VALUE(line_number) OVER (
    PARTITION BY event_id
    ORDER BY arrival NULLS LAST, file_id NULLS LAST, line_number NULLS LAST
  ) AS first_line_number
FROM event_candidates;

-- portable.spend_by_date
WITH local_costs AS (
  SELECT
    costs.brand_id,
    costs.campaign_id,
    costs.cost_type,
    costs.amount,
    costs.is_cost,
    CAST(TIMESTAMP_MICROS(UNIX_MICROS(costs.occurred_at) + CAST(offsets.utc_offset AS BIGINT) * 1000000) AS DATE) AS local_date
  FROM costs_to_sum AS costs
  INNER JOIN brand_offsets AS offsets
    ON costs.brand_id = offsets.brand_id
    AND costs.occurred_at >= offsets.starts_at
    AND costs.occurred_at < offsets.ends_at
)
SELECT
  brand_id,
  campaign_id,
  cost_type,
  local_date,
  CAST(SUM(amount) AS DECIMAL(38, 9)) AS spend,
  COUNT(CASE WHEN is_cost THEN 1 END) AS transactions
FROM local_costs
GROUP BY
  brand_id,
  campaign_id,
  cost_type,
  local_date;
