"""Declarations: what a source promises, read from `expectations/sources/*.yaml`."""
