"""Watches an organisation's social media accounts so that no citizen's question stays unanswered."""

__version__ = "0.1.0"
