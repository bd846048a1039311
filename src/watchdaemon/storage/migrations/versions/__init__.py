"""One module a revision, oldest first. A released revision is never changed; a change is a new revision."""
