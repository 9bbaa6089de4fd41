"""What finance takes: statements that are closed, credits for over-delivery, the audit trail.

Belongs here: closing months, booking credits, writing what an auditor keeps. Does not: the sums
(`sql/mart/statement.sql`).
"""
