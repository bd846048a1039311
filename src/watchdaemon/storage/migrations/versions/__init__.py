"""One module a revision, oldest first. A released revision is never changed; a change is a new revision.

There is no way down: going back to an older program means going back to the backup made before the upgrade.
"""
