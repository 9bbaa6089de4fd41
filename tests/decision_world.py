"""Worlds for decisions, made in one place: a worked case as files, or rows put into the tables, batch by batch."""

from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from assets.engine.data_root import DataRoot
from assets.engine.manual_status import ManualChange, set_status
from assets.engine.warehouse.publication import publish
from assets.engine.warehouse.warehouse import Warehouse
from tests.oracle import Brand, Campaign, Cost
from tests.world import AD_SETS, ADS, PRICES, World, event, jsonl, payment

INSTANT, MONEY = pa.timestamp("us", "UTC"), pa.decimal128(38, 9)
SCHEMAS = {
    "brands": {
        "brand_id": pa.int64(), "timezone": pa.string(), "daily_budget": MONEY, "monthly_budget": MONEY,
        "is_active": pa.bool_(),
    },
    "campaigns": {
        "campaign_id": pa.int64(), "brand_id": pa.int64(), "status": pa.string(), "opens": pa.string(),
        "closes": pa.string(), "paused_until": INSTANT,
    },
    "costs": {"brand_id": pa.int64(), "at": INSTANT, "amount": MONEY},
    "payments": {"brand_id": pa.int64(), "at": INSTANT, "amount": MONEY},
}  # fmt: skip

TABLES = (
    "core.brand_versions", "core.brand_zone_versions", "core.campaign_versions", "mart.lifetime_spend", "hot.transactions", "hot.daily_spend", "hot.monthly_spend",
    "mart.brand_budget", "mart.budgets", "mart.overspend", "mart.restatements", "ops.batches", "ops.budget_findings",
    "ops.campaign_status", "ops.campaign_status_changes", "ops.decisions", "ops.overspend_due",
    "ops.watermarks",
)  # fmt: skip
EMPTY = ";".join(f"truncate {table}" for table in TABLES)

ADD_BATCH = (
    "insert into ops.batches values ($batch, 'world', now())",
    (
        "insert into core.brand_versions select brand_id, 'b', daily_budget, monthly_budget, timezone, null, is_active,"
        " 'POSTPAID', null,"
        " coalesce($valid_from::timestamptz, core.beginning()), $batch, now() from brands"
    ),
    (
        "insert into core.brand_zone_versions select brand_id, timezone, core.beginning(), $batch, now() from brands"
        " anti join core.brand_zone_versions using (brand_id)"
    ),
    (
        "insert into hot.transactions select $batch * 1000000 + row_number() over (), brand_id, brand_id, 1, amount,"
        " 'COST', 'CLICK', costs.at, now(), 'AD', null, $batch from costs"
    ),
)
ADD_CAMPAIGNS = """
insert into core.campaign_versions
select campaign_id, brand_id, 'c', status, opens::time, closes::time, null, null, core.beginning(), 1, now()
from campaigns;
insert into ops.campaign_status
select campaign_id, brand_id, status, 'INITIAL', now(), now(), null, null, true, null, paused_until
from campaigns;
insert into ops.campaign_status_changes by name
select
    campaign_id as change_id, campaign_id, brand_id, status as to_status, 'INITIAL' as reason, paused_until,
    core.beginning() as decided_at, core.beginning() as recorded_at, 1 as watermark_batch_id,
    'world' as run_id, 'spendgate' as changed_by
from campaigns
"""
ADD_PAYMENTS = """
insert into hot.transactions
select -row_number() over (), brand_id, null, null, amount, 'PAYMENT', null, payments.at, now(), null, null, 1
from payments
"""


def world_of(case: dict[str, Any], root: DataRoot) -> World:
    """A worked case as delivered files: each COST is a click on an ad of its own that costs so much.

    Campaigns that are paused until an instant have been brought in and paused an hour before the case.
    """
    campaign_of = {c["brand_id"]: c["campaign_id"] for c in reversed(case["campaigns"])}
    costs = [t for t in case["transactions"] if t["type"] == "COST"]
    campaigns = [cost.get("campaign_id") or campaign_of[cost["brand_id"]] for cost in costs]
    world = World(
        root,
        {
            "brands": _csv([{"name": "b", "owner": None, "billing": None, **b} for b in case["brands"]], BRAND_COLUMNS),
            "campaigns": _csv(
                [{"name": "c", "start_date": None, "end_date": None, **c} for c in case["campaigns"]], CAMPAIGN_COLUMNS
            ),
            "ad_sets": _header(AD_SETS) + "".join(f"{c['campaign_id']},{c['campaign_id']},s,true\n" for c in case["campaigns"]),
            "ads": _header(ADS)
            + "".join(f"{n},{campaigns[n]},a,true,,,{t['amount']},,,\n" for n, t in enumerate(costs)),
            "global_ad_pricing": PRICES,
            "budgets": _csv(case.get("budgets", []), BUDGET_COLUMNS),
            "dayparting": _csv(case.get("dayparting", []), DAYPARTING_COLUMNS),
        },
    )
    _pause(world, case)
    world.deliver("costs.jsonl", jsonl(*(event(f"e{n}", n, "click", t["at"]) for n, t in enumerate(costs))))
    payments = [t for t in case["transactions"] if t["type"] == "PAYMENT"]
    world.deliver(
        "payments.jsonl",
        jsonl(*(payment(f"p{n}", t["brand_id"], t["amount"], t["at"]) for n, t in enumerate(payments))),
        kind="payments",
    )
    return world


BRAND_COLUMNS = ("brand_id", "name", "daily_budget", "monthly_budget", "timezone", "owner", "is_active", "billing")
CAMPAIGN_COLUMNS = (
    "campaign_id", "brand_id", "name", "status", "allowed_start", "allowed_end", "start_date", "end_date",
)  # fmt: skip
BUDGET_COLUMNS = ("scope", "id", "period", "amount", "effective_from", "effective_to")
DAYPARTING_COLUMNS = ("campaign_id", "weekdays", "start", "end", "clock")


def _pause(world: World, case: dict[str, Any]) -> None:
    paused = [c for c in case["campaigns"] if c.get("paused_until")]
    if not paused:
        return
    earlier = datetime.fromisoformat(case["now"]) - timedelta(hours=1)
    world.deliver_reference("campaigns", world.reference["campaigns"].replace(",PAUSED,", ",SCHEDULED,"))
    world.run(earlier)
    with world.open(earlier) as warehouse:
        for campaign in paused:
            until = datetime.fromisoformat(campaign["paused_until"])
            set_status(warehouse, ManualChange(campaign["campaign_id"], "PAUSED", "ann", "a pause", until))
        publish(warehouse)


def _header(text: str) -> str:
    return text.partition("\n")[0] + "\n"


def _csv(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> str:
    def text(value: Any) -> str:
        return "" if value is None else str(value).lower() if isinstance(value, bool) else f'"{value}"'

    return "".join(",".join(row) + "\n" for row in [columns, *([text(r[name]) for name in columns] for r in rows)])


def empty(warehouse: Warehouse) -> None:
    """Remove all that another world has left."""
    warehouse.connection.execute(EMPTY)


def add_batch(
    warehouse: Warehouse, batch: int, brands: list[Brand], costs: list[Cost], valid_from: datetime | None = None
) -> None:
    """Put a batch into the tables: versions of brands, in force from an instant or from the beginning, and costs."""
    _register(warehouse, "brands", [*map(asdict, brands)])
    _register(warehouse, "costs", [*map(asdict, costs)])
    values = {"batch": batch, "valid_from": valid_from}
    for statement in ADD_BATCH:
        used = {name: value for name, value in values.items() if f"${name}" in statement}
        warehouse.connection.execute(statement, used)


def add_campaigns(warehouse: Warehouse, campaigns: list[Campaign]) -> None:
    """Put campaigns into the tables, with the statuses they have."""
    rows = [{**asdict(c), "opens": _time_of_day(c.opens), "closes": _time_of_day(c.closes)} for c in campaigns]
    _register(warehouse, "campaigns", rows)
    warehouse.connection.execute(ADD_CAMPAIGNS)


def add_payments(warehouse: Warehouse, costs: list[Cost]) -> None:
    """With each cost a payment of as much and a refund of ten times that: they count nowhere."""
    payments = [replace(cost, amount=cost.amount * factor) for cost in costs for factor in (1, -10)]
    _register(warehouse, "payments", [*map(asdict, payments)])
    warehouse.connection.execute(ADD_PAYMENTS)


def _register(warehouse: Warehouse, name: str, rows: list[dict[str, Any]]) -> None:
    warehouse.connection.register(name, pa.Table.from_pylist(rows, schema=pa.schema(SCHEMAS[name])))


def _time_of_day(second: int | None) -> str | None:
    return None if second is None else f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
