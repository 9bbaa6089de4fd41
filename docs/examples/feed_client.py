"""A client of the feed that fails safe: what may run, as far as anybody can know at this moment.

Keep one `Feed`, call `take` whenever there is a new file, ask `may_run` before each ad. Copy it; it needs nothing.
"""

from datetime import UTC, datetime
from typing import Any

NEAR = 0.9
"""Share of a limit from which a campaign is stopped when the feed is late: it may be reached already."""


def instant(text: str | None) -> datetime | None:
    """An instant of the feed; null: none."""
    return datetime.fromisoformat(text) if text else None


class Feed:
    """What is known of all campaigns."""

    def __init__(self) -> None:
        self.feed_id, self.version, self.valid_until = "", 0, datetime.min.replace(tzinfo=UTC)
        self.campaigns: dict[int, dict[str, Any]] = {}

    def take(self, document: dict[str, Any]) -> bool:
        """Take a whole feed or changes in; False: it is older, or a version was missed: fetch the whole."""
        known = document["feed_id"] == self.feed_id
        if (known and document["version"] < self.version) or ("since" in document and not known):
            return False
        if "since" not in document:
            self.campaigns = {}
        elif document["since"] > self.version:
            return False
        self.feed_id, self.version = document["feed_id"], document["version"]
        self.valid_until = datetime.fromisoformat(document["valid_until"])
        self.campaigns |= {campaign["campaign_id"]: campaign for campaign in document["campaigns"]}
        for gone in document.get("removed", []):
            self.campaigns.pop(gone, None)
        return True

    def may_run(self, campaign_id: int, now: datetime) -> bool:
        """Whether a campaign may run now; when the feed is late, by what is known of it."""
        campaign = self.campaigns.get(campaign_id)
        if campaign is None:  # not in the feed: nobody has said that it may
            return False
        if now <= self.valid_until:
            return bool(campaign["may_run"])
        if (campaign["budget_share"] or 0) >= NEAR:  # late: windows and flights go on, budgets may have been reached
            return False
        begins, ends = instant(campaign["flight_starts_at"]), instant(campaign["flight_ends_at"])
        opens, closes = instant(campaign["window_start"]), instant(campaign["window_end"])
        in_flight = (begins is None or begins <= now) and (ends is None or now < ends)
        in_window = opens is None or closes is None or opens <= now < closes
        only_waited = set(campaign["blocked_by"]) <= {"WINDOW_CLOSED", "FLIGHT_NOT_STARTED", "NEXT_DECISION"}
        return in_flight and in_window and only_waited
