"""Rows of reference files: inputs 51 to 55 and 60."""

from dataclasses import dataclass

from tests.world import BRANDS

# --- 51 to 55, 60: rows of reference files


@dataclass(frozen=True)
class ReferenceRow:
    """A bad row that is added to a reference file, and why it is refused."""

    row: int
    table: str
    text: str
    reason: str

    @property
    def id(self) -> str:
        """Its name among the tests."""
        return f"{self.row}: {self.table} {self.text[:60]}"


def reference_rows() -> list[ReferenceRow]:
    """Rows that are refused one by one."""
    money = "{} '{}' is not a decimal number with at most 9 decimals, not negative, or empty"
    cost = "{} '{}' is not a decimal number below one billion with at most 9 decimals, not negative, or empty"
    mille = "cost_per_mille '{}' is not a decimal number with at most 6 decimals, not negative, or empty"
    zone = "timezone '{}' is not in the IANA list"
    together = "allowed_start and allowed_end belong together: give both or neither"
    equal = "allowed_start and allowed_end are both {}: leave both empty for all day"
    clock = "{} '{}' is not a UTC time of day such as {}, or empty"
    six = "status '{}' is not one of DRAFT, SCHEDULED, RUNNING, PAUSED, BUDGET_REACHED, COMPLETED"
    long = "x" * 5_000
    rows = [
        (51, "brands", "1,Acme again,,,UTC,,true", "brand_id 1 is there twice"),
        (51, "brands", "01,Acme again,,,UTC,,true", "brand_id 01 is there twice"),
        (51, "brands", "x,no id,,,UTC,,true", "brand_id 'x' is not a whole number that fits 64 bits"),
        (51, "campaigns", "11,1,again,PAUSED,,", "campaign_id 11 is there twice"),
        (51, "campaigns", "41,9,c,SCHEDULED,,", "unknown brand_id 9: no such row in brands"),
        (51, "ad_sets", "110,11,one,true", "ad_set_id 110 is there twice"),
        (51, "ad_sets", "410,999,one,true", "unknown campaign_id 999: no such row in campaigns"),
        (51, "ads", "101,110,again,true,,,9,9,9,9", "ad_id 101 is there twice"),
        (51, "ads", "401,999,a,true,,,,,,", "unknown ad_set_id 999: no such row in ad_sets"),
        (51, "global_ad_pricing", "2000-01-01T01:00:00+01:00,9,9,9,9",
         "effective_from 2000-01-01T01:00:00+01:00 is there twice"),
        *((52, "brands", f"5{n},zone,,,{name},,true", zone.format(name)) for n, name in enumerate(
            ("Mars/Olympus", "europe/paris", "+02:00", "Europe/Paris ", "../UTC", "localtime", "posixrules", "PDT"))),
        (52, "brands", "59,zone,,,,,true", "timezone is missing"),
        *((53, "brands", f"6{n},money,{amount},,UTC,,true", money.format("daily_budget", amount))
          for n, amount in enumerate(
              ("-1", "-0.01", "0.1234567891", "NaN", "inf", "1e3", "$5", "1" * 30, "\u0661\u0662"))),
        (53, "brands", "69,money,,-1,UTC,,true", money.format("monthly_budget", "-1")),
        *((53, "ads", f"6{n},110,a,true,,,{value},,,", cost.format("cost_per_click", value))
          for n, value in enumerate(("-0.50", "0.0000000001", "1000000000", "free"))),
        (53, "ads", "65,110,a,true,,,,0.0000001,,", mille.format("0.0000001")),
        (53, "ads", "66,110,a,true,,,,-1,,", mille.format("-1")),
        (53, "global_ad_pricing", "2024-01-01T00:00:00Z,-1,,,", cost.format("cost_per_click", "-1")),
        (53, "global_ad_pricing", "2024-01-02T00:00:00Z,,,,0.0000000001",
         cost.format("cost_per_acquisition", "0.0000000001")),
        (54, "campaigns", "71,1,c,SCHEDULED,09:00,", together),
        (54, "campaigns", "72,1,c,SCHEDULED,,17:00", together),
        (54, "campaigns", "73,1,c,SCHEDULED,09:00,09:00", equal.format("09:00")),
        (54, "campaigns", "74,1,c,SCHEDULED,09:00,09:00:00.0", equal.format("09:00")),
        *((54, "campaigns", f"7{n},1,c,SCHEDULED,{time},17:00", clock.format("allowed_start", time, "09:00"))
          for n, time in enumerate(("25:00", "9:00", "24:00", "noon", "09:60", "09:00+02:00", "0\uff19:00"), start=5)),
        (54, "campaigns", "81,1,c,SCHEDULED,09:00,24:01", clock.format("allowed_end", "24:01", "17:00 or 24:00")),
        *((55, "campaigns", f"8{n},1,c,{status},,", six.format(status))
          for n, status in enumerate(("STARTED", "running", "ACTIVE", "RUNNING "), start=2)),
        (55, "campaigns", "89,1,c,,,", "status is missing"),
        (60, "brands", f"90,{long},,,Mars/Olympus,,true", zone.format("Mars/Olympus")),
    ]  # fmt: skip
    return [ReferenceRow(*row) for row in rows]


REFERENCE_ROWS = reference_rows()

TRUNCATED_BRANDS = BRANDS.partition("2,Borealis")[0]
"""The brands file without its last two rows."""
