"""The platforms' own APIs on loopback, spoken from one scenario with its own clock, with faults that can be switched on.

Adapters reach it by `base_url` alone; it knows no adapter and no adapter knows it.
"""
