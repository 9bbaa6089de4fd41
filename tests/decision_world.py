"""Worlds for decisions, made in one place: a worked case as files, or rows put into the tables, batch by batch."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from assets.engine.data_root import DataRoot
from assets.engine.manual_status import ManualChange, set_status
from assets.engine.warehouse.warehouse import Warehouse
from tests.oracle import Brand, Budget, Campaign, Cost, Daypart, Ledger, Payment, zones_of
from tests.world import AD_SETS, ADS, PRICES, World, event, jsonl, payment

BRAND_COLUMNS = (
    "brand_id", "name", "daily_budget", "monthly_budget", "timezone", "owner", "is_active", "billing",
)  # fmt: skip
CAMPAIGN_COLUMNS = (
    "campaign_id", "brand_id", "name", "status", "allowed_start", "allowed_end", "start_date", "end_date",
)  # fmt: skip
OPTIONAL_COLUMNS = {"billing", "start_date", "end_date"}
OPTIONAL_FILES = {
    "budgets": ("scope", "id", "period", "amount", "effective_from", "effective_to"),
    "dayparting": ("campaign_id", "weekdays", "start", "end", "clock"),
}

INSTANT, MONEY = pa.timestamp("us", "UTC"), pa.decimal128(38, 9)
WINDOW = {"weekdays": pa.list_(pa.int8()), "opens": pa.string(), "closes": pa.string(), "clock": pa.string()}
SCHEMAS = {
    "brands": {
        "brand_id": pa.int64(), "timezone": pa.string(), "daily_budget": MONEY, "monthly_budget": MONEY,
        "is_active": pa.bool_(), "billing": pa.string(),
    },
    "brand_zones": {"brand_id": pa.int64(), "number": pa.int64(), "holds_from": INSTANT, "timezone": pa.string()},
    "campaigns": {
        "campaign_id": pa.int64(), "brand_id": pa.int64(), "status": pa.string(), "opens": pa.string(),
        "closes": pa.string(), "paused_until": INSTANT, "start_date": pa.date32(), "end_date": pa.date32(),
    },
    "dayparts": {"campaign_id": pa.int64(), "windows": pa.list_(pa.struct(WINDOW))},
    "costs": {"brand_id": pa.int64(), "campaign_id": pa.int64(), "at": INSTANT, "amount": MONEY},
    "payments": {"brand_id": pa.int64(), "at": INSTANT, "amount": MONEY},
    "budgets": {
        "scope": pa.string(), "id": pa.int64(), "period": pa.string(), "amount": MONEY, "effective_from": pa.date32(),
        "effective_to": pa.date32(),
    },
}  # fmt: skip

TABLES = (
    "internal.brand_versions", "internal.brand_zone_versions", "internal.budget_versions", "internal.campaign_versions",
    "internal.dayparting_versions", "internal.transactions", "internal.daily_spend", "internal.monthly_spend",
    "mart.brand_budget", "mart.budgets",
    "mart.lifetime_spend", "raw.payments", "core.corrections",
    "mart.overspend", "mart.restatements", "internal.batches", "ops.budget_findings", "internal.campaign_status",
    "ops.campaign_status_changes", "ops.decisions", "internal.overspend_due", "internal.watermarks",
)  # fmt: skip
EMPTY = ";".join(f"truncate {table}" for table in TABLES)

ADD_BATCH = (
    "insert into internal.batches values ($batch, 'world', now())",
    (
        "insert into internal.brand_versions by name"
        " select brand_id, 'b' as name, daily_budget, monthly_budget, timezone, is_active, billing,"
        " coalesce($valid_from::timestamptz, core.beginning()) as valid_from, $batch as batch_id,"
        " now() as recorded_at from brands"
    ),
    # recorded one after the other: of two versions the later one ends the earlier
    (
        "insert into internal.brand_zone_versions by name"
        " select brand_id, timezone, coalesce(holds_from, core.beginning()) as valid_from, $batch as batch_id,"
        " now() + number * interval 1 millisecond as recorded_at"
        " from brand_zones anti join internal.brand_zone_versions using (brand_id)"
    ),
    (
        "insert into internal.transactions by name"
        " select $batch * 1000000 + row_number() over () as transaction_id, brand_id,"
        " coalesce(campaign_id, brand_id) as campaign_id, 1 as ad_id, amount,"
        " case when amount < 0 then 'CORRECTION' else 'COST' end as transaction_type, 'CLICK' as cost_type,"
        " costs.at as occurred_at, now() as recorded_at, case when amount >= 0 then 'AD' end as price_source,"
        " $batch as batch_id from costs"
    ),
)
ADD_CAMPAIGNS = """
insert into internal.campaign_versions by name
select
    campaign_id, brand_id, 'c' as name, status, opens::time as allowed_start, closes::time as allowed_end, start_date,
    end_date, core.beginning() as valid_from, 1 as batch_id, now() as recorded_at
from campaigns;
insert into internal.dayparting_versions by name
select
    campaign_id, windows::struct(weekdays tinyint[], opens time, closes time, clock varchar)[] as windows,
    core.beginning() as valid_from, 1 as batch_id, now() as recorded_at
from dayparts;
insert into internal.campaign_status by name
select
    campaign_id, brand_id, status, 'INITIAL' as reason, now() as changed_at, now() as decided_at, true as window_open,
    paused_until, true as brand_active
from campaigns;
insert into ops.campaign_status_changes by name
select
    campaign_id as change_id, campaign_id, brand_id, status as to_status, 'INITIAL' as reason, paused_until,
    core.beginning() as decided_at, core.beginning() as recorded_at, 1 as watermark_batch_id,
    'world' as run_id, 'spendgate' as changed_by
from campaigns
"""
ADD_PAYMENTS = """
insert into internal.transactions by name
select
    -row_number() over () as transaction_id, brand_id, amount, 'PAYMENT' as transaction_type,
    payments.at as occurred_at, now() as recorded_at, 1 as batch_id
from payments;
insert into raw.payments by name
select
    'p' || row_number() over () as payment_id, brand_id, amount, payments.at as paid_at, 0 as file_id,
    -row_number() over () as line_number, 1 as batch_id
from payments
"""
ADD_BUDGETS = """
insert into internal.budget_versions by name
select
    concat_ws('/', scope, id, period, effective_from) as budget, scope, id, period, amount, effective_from,
    effective_to, core.beginning() as valid_from, 1 as batch_id, now() as recorded_at
from budgets
"""


def world_of(case: dict[str, Any], root: DataRoot) -> World:
    """A worked case as delivered files: each COST is a click on an ad of its own that costs so much."""
    first_of: dict[int, int] = {}
    for c in case["campaigns"]:
        first_of.setdefault(c["brand_id"], c["campaign_id"])
    costs = [t for t in case["transactions"] if t["type"] == "COST"]
    campaigns = [{"name": "c", **c, "status": first_status(c)} for c in case["campaigns"]]
    world = World(
        root,
        {
            "brands": table(BRAND_COLUMNS, [{"name": "b", **b} for b in case["brands"]]),
            "campaigns": table(
                CAMPAIGN_COLUMNS, [{"name": "c", **c, "status": first_status(c)} for c in case["campaigns"]]
            ),
            "ad_sets": header(AD_SETS) + "".join(f"{c['campaign_id']},{c['campaign_id']},s,true\n" for c in campaigns),
            "ads": header(ADS)
            + "".join(
                f"{n},{t.get('campaign_id', first_of[t['brand_id']])},a,true,,,{t['amount']},,,\n"
                for n, t in enumerate(costs)
            ),
            "global_ad_pricing": PRICES,
            **{name: table(columns, case[name]) for name, columns in OPTIONAL_FILES.items() if name in case},
        },
    )
    world.deliver("costs.jsonl", jsonl(*(event(f"e{n}", n, "click", t["at"]) for n, t in enumerate(costs))))
    payments = [t for t in case["transactions"] if t["type"] == "PAYMENT"]
    world.deliver(
        "payments.jsonl",
        jsonl(*(payment(f"p{n}", t["brand_id"], t["amount"], t["at"]) for n, t in enumerate(payments))),
        kind="payments",
    )
    pause_by_hand(world, case)
    return world


def pause_by_hand(world: World, case: dict[str, Any]) -> None:
    """Let a person pause the campaigns of a case that are paused until an instant, before a flight is over."""
    paused = [c for c in case["campaigns"] if c.get("paused_until")]
    if not paused:
        return
    before = instant(case["now"]) - timedelta(days=30)
    world.run(before)
    with world.open(before + timedelta(hours=1)) as warehouse:
        for c in paused:
            until = instant(c["paused_until"])
            set_status(warehouse, ManualChange(c["campaign_id"], "PAUSED", "ann", "a case", until=until))


def first_status(c: dict[str, Any]) -> str:
    """The status a campaign is delivered with: nobody pauses what is paused."""
    return "SCHEDULED" if c.get("paused_until") else str(c["status"])


def header(text: str) -> str:
    """The first line of a delivered file."""
    return text.partition("\n")[0] + "\n"


def table(columns: tuple[str, ...], rows: list[dict[str, Any]]) -> str:
    """Rows as a CSV text; columns that no row has are left out, as those that are optional may be."""
    delivered = [name for name in columns if name not in OPTIONAL_COLUMNS or any(name in row for row in rows)]
    lines = [delivered, *([as_text(row.get(name)) for name in delivered] for row in rows)]
    return "".join(",".join(f'"{cell}"' if "," in cell else cell for cell in line) + "\n" for line in lines)


def as_text(value: Any) -> str:
    """A value of the JSON as files have it."""
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def oracle_of(case: dict[str, Any]) -> tuple[dict[int, Brand], list[Campaign], Ledger]:
    """A worked case as the oracle takes it: brands by number, campaigns, and what limits are worked out from."""
    brands = {
        b["brand_id"]: Brand(
            b["brand_id"], b["timezone"], amount(b["daily_budget"]), amount(b["monthly_budget"]), b["is_active"],
            billing=b.get("billing") or "POSTPAID",
        )
        for b in case["brands"]
    }  # fmt: skip
    first_of = {c["brand_id"]: c["campaign_id"] for c in reversed(case["campaigns"])}
    of_type: dict[str, list[dict[str, Any]]] = {"COST": [], "PAYMENT": []}
    for t in case["transactions"]:
        of_type[t["type"]].append(t)
    ledger = Ledger(
        tuple(
            Cost(t["brand_id"], instant(t["at"]), Decimal(t["amount"]), t.get("campaign_id", first_of[t["brand_id"]]))
            for t in of_type["COST"]
        ),
        tuple(Payment(t["brand_id"], instant(t["at"]), Decimal(t["amount"])) for t in of_type["PAYMENT"]),
        tuple(
            Budget(
                row["scope"], row["id"], row["period"], Decimal(row["amount"]),
                day(row["effective_from"]), day(row["effective_to"]),
            )
            for row in case.get("budgets", [])
        ),
    )  # fmt: skip
    return brands, [campaign_of(c, case) for c in case["campaigns"]], ledger


def campaign_of(c: dict[str, Any], case: dict[str, Any]) -> Campaign:
    """A campaign of a worked case, with its rows of dayparting."""
    rows = [row for row in case.get("dayparting", []) if row["campaign_id"] == c["campaign_id"]]
    dayparts = [
        Daypart(weekdays(row["weekdays"]), second(row["start"]) or 0, second(row["end"]) or 0, row["clock"] or "BRAND")
        for row in rows
    ]
    return Campaign(
        c["campaign_id"],
        c["brand_id"],
        c["status"],
        second(c["allowed_start"]),
        second(c["allowed_end"]),
        instant(c["paused_until"]) if c.get("paused_until") else None,
        day(c.get("start_date")),
        day(c.get("end_date")),
        tuple(dayparts),
    )


def weekdays(text: str | None) -> frozenset[int]:
    """Names of weekdays and ranges of them as numbers, Monday is 1; nothing said: every day."""
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    found: set[int] = set()
    for part in (text or "mon-sun").split(","):
        first, _, last = part.partition("-")
        number = names.index(first)
        found.add(number + 1)
        while names[number] != (last or first):
            number = (number + 1) % 7
            found.add(number + 1)
    return frozenset(found)


def second(text: str | None) -> int | None:
    """A time of day as the second of the day."""
    if text is None:
        return None
    hours, minutes, *seconds = map(int, text.split(":"))
    return hours * 3600 + minutes * 60 + sum(seconds)


def amount(text: str | None) -> Decimal | None:
    """An amount of the JSON."""
    return None if text is None else Decimal(text)


def instant(text: str) -> datetime:
    """A time of the JSON."""
    return datetime.fromisoformat(text)


def day(text: str | None) -> date | None:
    """A date of the JSON."""
    return None if text is None else date.fromisoformat(text)


def empty(warehouse: Warehouse) -> None:
    """Remove all that another world has left."""
    warehouse.connection.execute(EMPTY)


def add_batch(
    warehouse: Warehouse, batch: int, brands: list[Brand], costs: list[Cost], valid_from: datetime | None = None
) -> None:
    """Put a batch into the tables: versions of brands, in force from an instant or from the beginning, and costs."""
    zones = [
        {"brand_id": brand.brand_id, "number": number, "holds_from": holds_from if number else None, "timezone": name}
        for brand in brands
        for number, (holds_from, name) in enumerate(zones_of(brand))
    ]
    _register(warehouse, "brands", [{**asdict(b), "timezone": zones_of(b)[-1][1]} for b in brands])
    _register(warehouse, "brand_zones", zones)
    _register(warehouse, "costs", [*map(asdict, costs)])
    values = {"batch": batch, "valid_from": valid_from}
    for statement in ADD_BATCH:
        used = {name: value for name, value in values.items() if f"${name}" in statement}
        warehouse.connection.execute(statement, used)


def add_campaigns(warehouse: Warehouse, campaigns: list[Campaign]) -> None:
    """Put campaigns into the tables, with the statuses they have and their rows of dayparting."""
    rows = [{**asdict(c), "opens": _time_of_day(c.opens), "closes": _time_of_day(c.closes)} for c in campaigns]
    dayparts = [
        {"campaign_id": c.campaign_id, "windows": [_window(row) for row in c.dayparts]} for c in campaigns if c.dayparts
    ]
    _register(warehouse, "campaigns", rows)
    _register(warehouse, "dayparts", dayparts)
    warehouse.connection.execute(ADD_CAMPAIGNS)


def add_payments(warehouse: Warehouse, payments: Iterable[Payment]) -> None:
    """Put payments, and refunds below zero, into the tables."""
    _register(warehouse, "payments", [*map(asdict, payments)])
    warehouse.connection.execute(ADD_PAYMENTS)


def add_budgets(warehouse: Warehouse, budgets: Iterable[Budget]) -> None:
    """Put rows of budgets into the tables."""
    _register(warehouse, "budgets", [*map(asdict, budgets)])
    warehouse.connection.execute(ADD_BUDGETS)


def _window(row: Daypart) -> dict[str, Any]:
    bounds = {"opens": _time_of_day(row.opens), "closes": _time_of_day(row.closes)}
    return {"weekdays": sorted(row.weekdays), **bounds, "clock": row.clock}


def _register(warehouse: Warehouse, name: str, rows: list[dict[str, Any]]) -> None:
    warehouse.connection.register(name, pa.Table.from_pylist(rows, schema=pa.schema(SCHEMAS[name])))


def _time_of_day(second: int | None) -> str | None:
    return None if second is None else f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
