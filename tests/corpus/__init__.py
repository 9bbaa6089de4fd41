"""Deliveries as they go wrong: every input of docs/inputs.md as files, and what each has to come to."""
