"""Deciding, apart from doing: pure functions over domain data and `now`, each result with its reason."""
