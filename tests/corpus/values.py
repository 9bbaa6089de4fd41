"""Values of rows: inputs 22 to 34."""

import itertools
import json
import struct
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pyarrow as pa

from tests.corpus.case import (
    ABSENT,
    AT,
    EVENT_SCHEMA,
    ORDINARY,
    SCHEMAS,
    Case,
    Changes,
    Literal,
    click,
    loaded,
    of_rows,
    paid,
    parquet,
    refused,
    repeated,
    slug,
)

# --- 22 to 34: values

FORMS = ("jsonl", "csv", "parquet", "jsonl.gz")


def values() -> list[Case]:
    """Values that break a rule, in every form that can hold them."""
    known = "(click, impression, view or acquisition)"
    unknown = [
        refused({"event_type": type_}, f"unknown event_type '{type_}' {known}")
        for type_ in ("clik", "clicks", "click ", "c1ick", "purchase", "cl\u0131ck")
    ]
    known_ones = loaded({"event_type": "Click"}), loaded({"event_type": "VIEW"})
    cases = [*missing_values(), *bad_numbers(), *bad_times()]
    cases += [of_rows(24, "unknown event types", form, *unknown, *known_ones) for form in FORMS]
    rows = [click("24/beside", event_type="clik", delivered="y"), click("24/beside/good", delivered="y")]
    raw = json.dumps(click("24/beside", event_type="clik"), separators=(",", ":"))
    cases.append(Case(24, "an unknown event type beside a column of another name (parquet)", "24-beside.parquet",
                      parquet(pa.Table.from_pylist(rows)), loaded={2: rows[1]}, drift=("delivered",),
                      rejected={1: (raw, f"unknown event_type 'clik' {known}")}))  # fmt: skip
    cases.append(of_rows(24, "event types that are no text", "jsonl", *(
        refused({"event_type": value}, reason) for value, reason in (
            (5, f"unknown event_type '5' {known}"), (True, f"unknown event_type 'true' {known}"),
            ({"a": 1}, "event_type is a JSON object"), (["click"], "event_type is a JSON array"))
    )))  # fmt: skip
    return cases


def missing_values() -> list[Case]:
    """Required values that are not there."""
    cases = []
    for kind, make in ORDINARY.items():
        names = list(make(""))
        nothings = [refused({name: nothing}, f"{name} is missing") for name in names for nothing in (ABSENT, None, "")]
        no_keys = refused("{}", f"{names[0]} is missing")
        cases += [
            of_rows(22, "values absent, null or empty", form, *nothings, no_keys, kind=kind)
            for form in ("jsonl", "jsonl.gz")
        ]
        cases.append(of_rows(22, "values empty", "csv", *(
            refused({name: ABSENT}, f"{name} is missing") for name in names
        ), refused(",,,", f"{names[0]} is missing"), kind=kind))  # fmt: skip
        empty_texts = [name for name in names if SCHEMAS[kind].field(name).type == pa.string()]
        cases.append(of_rows(22, "values null or empty", "parquet", *(
            refused({name: None}, f"{name} is missing") for name in names
        ), *(refused({name: ""}, f"{name} is missing") for name in empty_texts), kind=kind))  # fmt: skip
    return cases


def bad_numbers() -> list[Case]:
    """Ids that are no whole numbers, amounts that are no money."""
    not_whole = "{} '{}' is not a whole number that fits 64 bits"
    literals = ("1.7", "1.0", "true", '"abc"', "1e400", "1e3", "9223372036854775808", "-9223372036854775809", "NaN",
                '"0x65"', '" 101"', '"1 01"', '"\u0661\u0660\u0661"')  # fmt: skip
    fields = (
        "1.7",
        "1.0",
        "true",
        "abc",
        "1e400",
        "9223372036854775808",
        "-9223372036854775809",
        "NaN",
        " 101",
        "+101",
    )
    cases = []
    for kind, name in (("events", "ad_id"), ("payments", "brand_id")):
        cases.append(of_rows(23, f"{name} that is no whole number", "jsonl", *(
            refused({name: Literal(text)}, not_whole.format(name, text.strip('"'))) for text in literals
        ), refused({name: {}}, f"{name} is a JSON object"), refused({name: [101]}, f"{name} is a JSON array"),
            loaded({name: "1"}, waits="unknown ad_id 1" if kind == "events" else None), kind=kind))  # fmt: skip
        cases.append(of_rows(23, f"{name} that is no whole number", "csv", *(
            refused({name: text}, not_whole.format(name, text)) for text in fields
        ), kind=kind))  # fmt: skip
    large = pa.table({
        **{name: [value] * 2 for name, value in click("").items()},
        "event_id": ["23/large", "23/fits"], "ad_id": pa.array([2**63, 101], pa.uint64()),
    })  # fmt: skip
    raw = f'{{"event_id":"23/large","ad_id":{2**63},"event_type":"click","occurred_at":"{AT}"}}'
    cases.append(Case(23, "ad_id over 2^63 (parquet)", "23-large.parquet", parquet(large), loaded={2: click("23/fits")},
                      rejected={1: (raw, "ad_id is not a whole number that fits 64 bits")}))  # fmt: skip
    return cases + bad_amounts()


def bad_amounts() -> list[Case]:
    """Amounts that are no money; and refunds, which are."""
    no_money = "amount '{}' is not a decimal number below one billion with at most 9 decimals"
    literals = ("NaN", "Infinity", "-Infinity", "1e400", "1e9999999999999999999999", "0.1234567891",
                "1e-10", "1000000000", '"NaN"', '"inf"',
                '"1,5"', '"12.5 EUR"', '".5"', '"5."', '"+5"', '"1e2"', '"--1"', "true")  # fmt: skip
    written = {"1e-10": "0.0000000001"}
    texts_ = ("NaN", "inf", "-Infinity", "1e400", "0.1234567891", "1000000000", "12.5 EUR", "$5", "0x10")
    fits = [loaded({"amount": amount}) for amount in ("0.123456789", "999999999.999999999", "0.1234567890", "007")]
    nothing = "amount is 0 (a payment is positive, a refund negative)"
    zeros = [refused({"amount": amount}, nothing) for amount in ("0", "-0", "0.000", "-0.000000000")]
    refunds = [loaded({"amount": amount}) for amount in ("-12.50", "-0.000000001")]
    cases = [
        of_rows(25, "amounts that are no money", "jsonl", *(
            refused({"amount": Literal(text)}, no_money.format(written.get(text, text.strip('"')))) for text in literals
        ), *fits, loaded({"amount": Literal("1e2")}), kind="payments"),
        *(of_rows(25, "amounts that are no money", form, *(
            refused({"amount": text}, no_money.format(text)) for text in texts_
        ), *fits, kind="payments") for form in ("csv", "parquet", "csv.gz")),
        *(of_rows(26, "payments of nothing, and refunds", form, *zeros, *refunds, kind="payments") for form in FORMS),
        of_rows(26, "payments of nothing as numbers", "jsonl", *(
            refused({"amount": Literal(text)}, nothing) for text in ("0", "-0.0", "0e5", "0E-5")
        ), loaded({"amount": Literal("-0.5")}), kind="payments"),
    ]  # fmt: skip
    exact = {name: [value] * 3 for name, value in paid("").items()} | {"payment_id": [f"25/{n}" for n in range(3)]}
    amounts = [Decimal("0.1234567891"), Decimal("0.0000000000"), Decimal("-0.1234567890")]
    body = parquet(pa.table({**exact, "amount": pa.array(amounts, pa.decimal128(38, 10))}))
    raw = '{{"payment_id":"25/{}","brand_id":1,"amount":{},"paid_at":"{}"}}'
    reasons = (no_money.format("0.1234567891"), nothing)
    cases.append(Case(
        25, "amounts of ten decimals (parquet)", "25-exact.parquet", body, "payments",
        loaded={3: paid("25/2", amount="-0.123456789")},
        rejected={n + 1: (raw.format(n, f"{amounts[n]:f}", AT), reasons[n]) for n in range(2)},
    ))  # fmt: skip
    return cases


def bad_times() -> list[Case]:
    """Times that are none, that are to come, and that are long ago."""
    no_time = "{} '{}' is not a time such as 2025-06-10T12:00:00Z or 2025-06-10T14:00:00+02:00"
    impossible = (
        "2025-06-10T10:00:00", "2025-06-10 10:00:00", "2025-06-10", "2025-02-31T10:00:00Z", "2025-06-10T25:00:00Z",
        "2025-06-10T24:00:00Z", "2025-06-10T10:61:00Z", "2025-06-10T10:00:60Z", "2025-13-01T10:00:00Z",
        "2025-00-10T10:00:00Z", "2025-06-10T10:00:00+24:00", "2025-06-10T10:00:00 Europe/Paris", "1749549600",
        "10 June 2025", "now", "epoch", "infinity", "2025-06-10T10:00:00z", "-2025-06-10T10:00:00Z",
    )  # fmt: skip
    sound = (
        "2025-06-10 10:00:00Z",
        "2025-06-10 10:00:00.123+00",
        "2024-02-29T12:30+02:30",
        "2025-06-10T10:00Z",
        "2025-06-10T12:00:00+02",
        "2025-06-10T12:00:00.5+0200",
    )
    before = "{} {} is before the year 2000"
    past = {
        "1999-12-31T23:59:59Z": "1999-12-31T23:59:59Z",
        "2000-01-01T00:30:00+01:00": "1999-12-31T23:30:00Z",
        "1970-01-01T00:00:00Z": "1970-01-01T00:00:00Z",
        "0001-01-01T00:00:00Z": "0001-01-01T00:00:00Z",
    }
    now = datetime.now(UTC).replace(microsecond=0)
    to_come = [f"{now + timedelta(minutes=90):%Y-%m-%dT%H:%M:%SZ}", "9999-12-31T23:59:59Z"]
    later = "{} {} is more than 10 minutes after it was loaded (deliver it again later)"
    soon = (now + timedelta(minutes=9)).isoformat()
    cases = []
    for (kind, name), form in itertools.product((("events", "occurred_at"), ("payments", "paid_at")), FORMS):
        cases += [
            of_rows(27, "impossible times", form, *(refused({name: at}, no_time.format(name, at)) for at in impossible),
                    *(loaded({name: at}) for at in sound), kind=kind),
            of_rows(28, "times to come", form, *(refused({name: at}, later.format(name, at)) for at in to_come),
                    loaded({name: soon}), kind=kind),
            of_rows(29, "times before 2000", form,
                    *(refused({name: at}, before.format(name, utc)) for at, utc in past.items()),
                    loaded({name: "2000-01-01T00:00:00Z"}), kind=kind),
        ]  # fmt: skip
    cases.append(of_rows(27, "times that are numbers", "jsonl",
                         *(refused({"occurred_at": at}, no_time.format("occurred_at", at))
                           for at in (1749549600, 20250610)),
                         refused({"occurred_at": {"$date": AT}}, "occurred_at is a JSON object")))  # fmt: skip
    return cases + typed_times()


def typed_times() -> list[Case]:
    """Parquet timestamps at and beyond the edges."""
    early, late = "is before the year 2000", "is more than 10 minutes after it was loaded (deliver it again later)"
    edges = {
        "infinitely long ago": (-(2**63) + 1, 29, "-infinity", f"occurred_at -infinity {early}"),
        "in 1999": (946_684_799_999_999, 29, "1999-12-31 23:59:59.999999+00",
                    f"occurred_at 1999-12-31T23:59:59Z {early}"),
        "infinitely late": (2**63 - 1, 28, "infinity", f"occurred_at infinity {late}"),
        "very late": (2**62, 28, "148108-07-06 14:00:27.387904+00", f"occurred_at 148108-07-06T14:00:27Z {late}"),
        "in 9999": (253_402_300_799_000_000, 28, "9999-12-31 23:59:59+00", f"occurred_at 9999-12-31T23:59:59Z {late}"),
    }  # fmt: skip
    cases = []
    for what, (micros, row, shown, reason) in edges.items():
        ids = [f"{row}/{slug(what)}", f"{row}/{slug(what)}/good"]
        table = pa.table({
            "event_id": ids, "ad_id": [101, 101], "event_type": ["click"] * 2,
            "occurred_at": pa.array([micros, 1_749_549_600_000_000], pa.timestamp("us", "UTC")),
        })  # fmt: skip
        raw = f'{{"event_id":"{ids[0]}","ad_id":101,"event_type":"click","occurred_at":"{shown}"}}'
        cases.append(Case(row, f"a timestamp {what} (parquet)", f"{row}-{slug(what)}.parquet", parquet(table),
                          loaded={2: click(ids[1])}, rejected={1: (raw, reason)}))  # fmt: skip
    return cases + denied_by_statistics()


def denied_by_statistics() -> list[Case]:
    """Parquet files with values that the statistics in the same file deny: what counts is what is there."""
    early, late = "is before the year 2000", "is more than 10 minutes after it was loaded (deliver it again later)"
    good = 1_749_549_600_000_000
    plain_ = {"compression": "none", "use_dictionary": False}
    cases = []
    for row, what, micros, shown in ((28, "in 9999", 253_402_300_799_000_000, "9999-12-31"),
                                     (29, "in 1990", 631_152_000_000_000, "1990-01-01")):  # fmt: skip
        ids = [f"{row}/denied/good", f"{row}/denied"]
        table = pa.table({
            "event_id": ids, "ad_id": [101, 101], "event_type": ["click"] * 2,
            "occurred_at": pa.array([good, good + 1], pa.timestamp("us", "UTC")),
        })  # fmt: skip
        body = parquet(table, **plain_).replace(struct.pack("<qq", good, good + 1), struct.pack("<qq", good, micros))
        clock = "23:59:59" if row == 28 else "00:00:00"
        raw = f'{{"event_id":"{ids[1]}","ad_id":101,"event_type":"click","occurred_at":"{shown} {clock}+00"}}'
        reason = f"occurred_at {shown}T{clock}Z {late if row == 28 else early}"
        cases.append(Case(row, f"a timestamp {what} that its statistics deny (parquet)", f"{row}-denied.parquet", body,
                          loaded={1: click(ids[0])}, rejected={2: (raw, reason)}))  # fmt: skip
    rows = [click("22/denied/good"), click("22/denied", ad_id=None)]
    no_nulls = parquet(pa.Table.from_pylist(rows, EVENT_SCHEMA), **plain_).replace(b"\x16\x02", b"\x16\x00")
    raw = f'{{"event_id":"22/denied","ad_id":null,"event_type":"click","occurred_at":"{AT}"}}'
    cases.append(Case(22, "a null that its statistics deny (parquet)", "22-denied.parquet", no_nulls,
                      loaded={1: rows[0]}, rejected={2: (raw, "ad_id is missing")}))  # fmt: skip
    return cases


def known_rows() -> list[Case]:
    """Rows that are late, unknown, there already, or in contradiction to others."""
    changes: list[Changes] = [{"ad_id": 102}, {"event_type": "view"}, {"occurred_at": "2025-06-10T10:00:01Z"}]
    same = [{}, {"event_type": "CLICK"}, {"occurred_at": "2025-06-10T12:00:00+02:00"},
            {"occurred_at": "2025-06-10T10:00:00.000Z"}, {"occurred_at": "2025-06-10T10:00Z"}]  # fmt: skip
    conflict = "{} '{}' conflicts with line {} of file <this>, which came first"
    cases = [
        *(of_rows(30, "events years late", form, loaded({"occurred_at": "2016-02-29T12:00:00Z"}),
                  loaded({"occurred_at": "2000-01-01T00:00:00Z"})) for form in FORMS),
        *(of_rows(31, "unknown ads", form, *(
            loaded({"ad_id": ad_id}, waits=f"unknown ad_id {ad_id}") for ad_id in (999, 0, -1, 2**63 - 1, -(2**63))
        )) for form in FORMS),
        *(of_rows(32, "unknown brands", form, *(
            loaded({"brand_id": brand_id}, waits=f"unknown brand_id {brand_id}") for brand_id in (999, 0, -1, 2**63 - 1)
        ), kind="payments") for form in FORMS),
        of_rows(58, "no price for its type", "jsonl", loaded(
            {"event_type": "acquisition"}, waits="no price for acquisition of ad 101: neither its own nor a global one"
        )),
    ]  # fmt: skip
    for form in FORMS:
        id_, pay = f"33/{form}", f"33/p/{form}"
        cases += [
            of_rows(33, "same id, same content", form, loaded({"event_id": id_}),
                    *(repeated({"event_id": id_, **change}) for change in same), alone=True),
            of_rows(33, "same id, same content", form, loaded({"payment_id": pay}), repeated({"payment_id": pay}),
                    repeated({"payment_id": pay, "amount": "12.500"}), alone=True, kind="payments"),
        ]  # fmt: skip
        first, clash = (2, f"34/{form}") if form == "csv" else (1, f"34/{form}")
        cases += [
            of_rows(34, "same id, other content", form, loaded({"event_id": clash}), *(
                refused({"event_id": clash, **change}, conflict.format("event_id", clash, first))
                for change in changes
            ), repeated({"event_id": clash}), alone=True),
            of_rows(34, "same id, other content", form, loaded({"payment_id": clash}), *(
                refused({"payment_id": clash, **change}, conflict.format("payment_id", clash, first))
                for change in ({"brand_id": 2}, {"amount": "12.51"}, {"paid_at": "2025-06-10T10:00:01Z"})
            ), alone=True, kind="payments"),
        ]  # fmt: skip
    return cases
