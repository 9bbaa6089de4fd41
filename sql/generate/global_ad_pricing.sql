-- One row: default prices from the beginning on.
select
    '2000-01-01T00:00:00Z' as effective_from,
    '0.05' as cost_per_click,
    '0.40' as cost_per_mille,
    '0.002' as cost_per_view,
    '5.00' as cost_per_acquisition
