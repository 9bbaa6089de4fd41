"""Alerts: once per state, to each receiver."""
