-- One row: so many percent of the machine's memory, and never less than half a GiB. DuckDB knows how much there is, in
-- a container too, and would take 80 % of it.
select
    format_bytes(
        greatest(
            parse_formatted_bytes(current_setting('memory_limit'))::bigint * $percent // 80, 512 * 1024 * 1024
        )
    ) as memory_limit
