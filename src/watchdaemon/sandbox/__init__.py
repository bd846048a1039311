"""The platforms' own APIs on loopback, spoken from one scenario with its own clock and with switchable faults.

Adapters reach it by `base_url` alone; it knows no adapter and no adapter knows it.
"""
