"""Decisions taken again over the ledger: what another interval, policy or budget would have made of it.

Belongs here: the replay of decisions, and its figures. Does not: the rules, which are those of `engine.decision`.
"""
