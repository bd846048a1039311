"""Frozen data: what the whole program talks about. No I/O, no clock, no settings."""
