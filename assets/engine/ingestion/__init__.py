"""Staged files of events and payments become rows of `raw.*`, each file whole or not at all."""
