"""The feed for ad servers: which campaigns may run, until when that may be believed, and what changed.

Belongs here: writing the feed's files, reading them, serving them. Does not: the statuses (`engine.decision`), the
contract for those who read it (`docs/feed.md`).
"""
