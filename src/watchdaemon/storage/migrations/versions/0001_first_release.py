"""Everything the first release keeps."""

import sqlalchemy as sa
from alembic import op

from watchdaemon.storage._types import Facts, Moment, Words

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create every table."""
    _persons()
    _units()
    _accounts()
    _account_owners()
    _audit()
    _items()
    _cursors()
    _threads()
    _verdicts()
    _question_steps()
    _decisions()
    _moderations()
    _watch_entries()
    _watch_attempts()
    _watch_starts()
    _deliveries()
    _told()
    _mail_troubles()
    _alerts()
    _alert_tellings()
    _silences()
    _credentials()
    _credential_checks()
    _used_links()
    _state()
    _quota()


def _persons() -> None:
    op.create_table(
        "persons",
        sa.Column("key", Words(), nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("mail", Words(), nullable=False),
        sa.Column("language", Words(), nullable=False),
        sa.Column("away_until", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_persons"),
    )


def _units() -> None:
    op.create_table(
        "units",
        sa.Column("key", Words(), nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("manager", Words(), nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_units"),
    )


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("key", Words(), nullable=False),
        sa.Column("platform", Words(), nullable=False),
        sa.Column("native_id", Words(), nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("link", Words(), nullable=False),
        sa.Column("unit", Words(), nullable=False),
        sa.Column("manager", Words(), nullable=False),
        sa.Column("purpose", Words(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("audience_reason", Words(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("resting_until", sa.Date(), nullable=True),
        sa.Column("approved_by", Words(), nullable=True),
        sa.Column("approved_on", sa.Date(), nullable=True),
        sa.Column("credential", Words(), nullable=True),
        sa.Column("warn_days", sa.Integer(), nullable=True),
        sa.Column("close_days", sa.Integer(), nullable=True),
        sa.Column("own_ids", Facts(), nullable=False),
        sa.Column("extra", Facts(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_accounts"),
        sa.UniqueConstraint("platform", "native_id", name="uq_accounts_platform_native_id"),
    )


def _account_owners() -> None:
    op.create_table(
        "account_owners",
        sa.Column("account", Words(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("person", Words(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("account", "position", name="pk_account_owners"),
        sa.ForeignKeyConstraint(["account"], ["accounts.key"], ondelete="CASCADE", name="fk_account_owners_accounts"),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("by", Words(), nullable=False),
        sa.Column("kind", Words(), nullable=False),
        sa.Column("key", Words(), nullable=False),
        sa.Column("field", Words(), nullable=False),
        sa.Column("before", Words(), nullable=True),
        sa.Column("after", Words(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )


def _items() -> None:
    op.create_table(
        "items",
        sa.Column("account", Words(), nullable=False),
        sa.Column("external_id", Words(), nullable=False),
        sa.Column("platform", Words(), nullable=False),
        sa.Column("thread_id", Words(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("published_at", Moment(), nullable=False),
        sa.Column("parent_id", Words(), nullable=True),
        sa.Column("root_id", Words(), nullable=True),
        sa.Column("author", Words(), nullable=True),
        sa.Column("author_id", Words(), nullable=True),
        sa.Column("by_account", sa.Boolean(), nullable=False),
        sa.Column("is_automatic", sa.Boolean(), nullable=False),
        sa.Column("text", Words(), nullable=False),
        sa.Column("url", Words(), nullable=True),
        sa.Column("edited_at", Moment(), nullable=True),
        sa.Column("earlier", Facts(), nullable=False),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.Column("extra", Facts(), nullable=False),
        sa.Column("first_seen_at", Moment(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("account", "external_id", name="pk_items"),
    )
    op.create_index("ix_items_account_thread_id", "items", ["account", "thread_id"], unique=False)
    op.create_index(
        "ix_items_own_posts",
        "items",
        ["account", "published_at"],
        unique=False,
        sqlite_where=sa.text("by_account AND kind = 'post'"),
        postgresql_where=sa.text("by_account AND kind = 'post'"),
    )
    op.create_index("ix_items_published_at", "items", ["published_at"], unique=False)


def _cursors() -> None:
    op.create_table(
        "cursors",
        sa.Column("account", Words(), nullable=False),
        sa.Column("stream", Words(), nullable=False),
        sa.Column("value", Words(), nullable=False),
        sa.PrimaryKeyConstraint("account", "stream", name="pk_cursors"),
    )


def _threads() -> None:
    op.create_table(
        "threads",
        sa.Column("account", Words(), nullable=False),
        sa.Column("thread_id", Words(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("judged", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", "thread_id", name="pk_threads"),
    )
    op.create_index(
        "ix_threads_pending",
        "threads",
        ["account", "thread_id"],
        unique=False,
        sqlite_where=sa.text("judged < revision"),
        postgresql_where=sa.text("judged < revision"),
    )


def _verdicts() -> None:
    op.create_table(
        "verdicts",
        sa.Column("account", Words(), nullable=False),
        sa.Column("external_id", Words(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("triage_reason", Words(), nullable=False),
        sa.Column("spans", Facts(), nullable=False),
        sa.Column("is_secret", sa.Boolean(), nullable=False),
        sa.Column("is_inappropriate", sa.Boolean(), nullable=False),
        sa.Column("removal_reason", Words(), nullable=False),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("reason", Words(), nullable=False),
        sa.Column("due_at", Moment(), nullable=True),
        sa.Column("answered_at", Moment(), nullable=True),
        sa.Column("answered_by", Words(), nullable=True),
        sa.Column("finish_due_at", Moment(), nullable=True),
        sa.Column("response_minutes", sa.Integer(), nullable=True),
        sa.Column("unregistered_reply", Words(), nullable=True),
        sa.Column("removal_word", sa.Boolean(), nullable=True),
        sa.Column("since", Moment(), nullable=True),
        sa.Column("moved_by", Words(), nullable=True),
        sa.PrimaryKeyConstraint("account", "external_id", name="pk_verdicts"),
        sa.ForeignKeyConstraint(
            ["account", "external_id"],
            ["items.account", "items.external_id"],
            ondelete="CASCADE",
            name="fk_verdicts_items",
        ),
    )
    op.create_index("ix_verdicts_account_state", "verdicts", ["account", "state"], unique=False)
    op.create_index("ix_verdicts_state", "verdicts", ["state"], unique=False)


def _question_steps() -> None:
    op.create_table(
        "question_steps",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("account", Words(), nullable=False),
        sa.Column("external_id", Words(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("reason", Words(), nullable=False),
        sa.Column("by", Words(), nullable=True),
        sa.Column("noticed_at", Moment(), nullable=True),
        sa.Column("is_holding", sa.Boolean(), nullable=False),
        sa.Column("needs_removal", sa.Boolean(), nullable=False),
        sa.Column("response_minutes", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_question_steps"),
    )
    op.create_index("ix_question_steps_account_external_id", "question_steps", ["account", "external_id"])


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("account", Words(), nullable=False),
        sa.Column("external_id", Words(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("by", Words(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("note", Words(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
        sa.ForeignKeyConstraint(
            ["account", "external_id"],
            ["items.account", "items.external_id"],
            ondelete="CASCADE",
            name="fk_decisions_items",
        ),
    )
    op.create_index("ix_decisions_account_external_id", "decisions", ["account", "external_id"], unique=False)


def _moderations() -> None:
    op.create_table(
        "moderations",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("account", Words(), nullable=False),
        sa.Column("external_id", Words(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("by", Words(), nullable=False),
        sa.Column("why", Words(), nullable=False),
        sa.Column("begun_at", Moment(), nullable=False),
        sa.Column("text", Words(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("is_verified", sa.Boolean(), nullable=False),
        sa.Column("detail", Words(), nullable=False),
        sa.Column("reply_id", Words(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_moderations"),
    )
    op.create_index("ix_moderations_account_external_id", "moderations", ["account", "external_id"])


def _watch_entries() -> None:
    op.create_table(
        "watch_entries",
        sa.Column("account", Words(), nullable=False),
        sa.Column("window_on", sa.Date(), nullable=False),
        sa.Column("window_index", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("opens_at", Moment(), nullable=False),
        sa.Column("closes_at", Moment(), nullable=False),
        sa.Column("coverage", sa.Text(), nullable=True),
        sa.Column("fetched_at", Moment(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_attempt_at", Moment(), nullable=True),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("new_items", sa.Integer(), nullable=False),
        sa.Column("malformed", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("detail", Words(), nullable=False),
        sa.Column("needs_person", sa.Boolean(), nullable=False),
        sa.Column("retry_at", Moment(), nullable=True),
        sa.Column("cause_key", Words(), nullable=True),
        sa.Column("told_at", Moment(), nullable=True),
        sa.Column("told_to", Facts(), nullable=False),
        sa.Column("seen_at", Moment(), nullable=True),
        sa.Column("seen_by", Words(), nullable=True),
        sa.PrimaryKeyConstraint("account", "window_on", "window_index", name="pk_watch_entries"),
    )
    op.create_index(
        "ix_watch_entries_window_on_window_index", "watch_entries", ["window_on", "window_index"], unique=False
    )


def _watch_attempts() -> None:
    op.create_table(
        "watch_attempts",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("account", Words(), nullable=False),
        sa.Column("window_on", sa.Date(), nullable=False),
        sa.Column("window_index", sa.Integer(), nullable=False),
        sa.Column("opens_at", Moment(), nullable=False),
        sa.Column("closes_at", Moment(), nullable=False),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=False),
        sa.Column("coverage", sa.Text(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("new_items", sa.Integer(), nullable=False),
        sa.Column("malformed", sa.Integer(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("detail", Words(), nullable=False),
        sa.Column("needs_person", sa.Boolean(), nullable=False),
        sa.Column("retry_at", Moment(), nullable=True),
        sa.Column("cause_key", Words(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_watch_attempts"),
    )
    op.create_index("ix_watch_attempts_account_window_on", "watch_attempts", ["account", "window_on"], unique=False)


def _watch_starts() -> None:
    op.create_table(
        "watch_starts",
        sa.Column("account", Words(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("account", name="pk_watch_starts"),
    )


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("recipient", Words(), nullable=False),
        sa.Column("period", Words(), nullable=False),
        sa.Column("address", Words(), nullable=False),
        sa.Column("subject", Words(), nullable=False),
        sa.Column("message", sa.LargeBinary(), nullable=True),
        sa.Column("message_id", Words(), nullable=False),
        sa.Column("covers", Facts(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", Moment(), nullable=True),
        sa.Column("claimed_until", Moment(), nullable=True),
        sa.Column("sent_at", Moment(), nullable=True),
        sa.Column("last_error", Words(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("kind", "recipient", "period", name="uq_deliveries_kind_recipient_period"),
    )
    op.create_index("ix_deliveries_created_at", "deliveries", ["created_at"], unique=False)
    op.create_index("ix_deliveries_message_id", "deliveries", ["message_id"], unique=False)
    op.create_index("ix_deliveries_recipient", "deliveries", ["recipient"], unique=False)
    op.create_index(
        "ix_deliveries_with_body",
        "deliveries",
        ["created_at"],
        unique=False,
        sqlite_where=sa.text("message IS NOT NULL"),
        postgresql_where=sa.text("message IS NOT NULL"),
    )
    op.create_index(
        "ix_deliveries_queued",
        "deliveries",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    )


def _told() -> None:
    op.create_table(
        "told",
        sa.Column("person", Words(), nullable=False),
        sa.Column("delivery", sa.BigInteger(), nullable=False),
        sa.Column("account", Words(), nullable=False),
        sa.Column("external_id", Words(), nullable=False),
        sa.Column("section", Words(), nullable=False),
        sa.PrimaryKeyConstraint("person", "delivery", "account", "external_id", "section", name="pk_told"),
    )


def _mail_troubles() -> None:
    op.create_table(
        "mail_troubles",
        sa.Column("person", Words(), nullable=False),
        sa.Column("address", Words(), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("status", Words(), nullable=False),
        sa.Column("detail", Words(), nullable=False),
        sa.Column("last_at", Moment(), nullable=True),
        sa.Column("is_reported", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("person", name="pk_mail_troubles"),
    )


def _alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("cause", Words(), nullable=False),
        sa.Column("accounts", Facts(), nullable=False),
        sa.Column("items", Facts(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("detail", Words(), nullable=False),
        sa.Column("opened_at", Moment(), nullable=False),
        sa.Column("closed_at", Moment(), nullable=True),
        sa.Column("told_at", Moment(), nullable=True),
        sa.Column("ends_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
    )
    op.create_index(
        "uq_alerts_open",
        "alerts",
        ["kind", "cause"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )


def _alert_tellings() -> None:
    op.create_table(
        "alert_tellings",
        sa.Column("alert", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person", Words(), nullable=False),
        sa.Column("accounts", Facts(), nullable=False),
        sa.Column("items", Facts(), nullable=False),
        sa.Column("first_at", Moment(), nullable=False),
        sa.Column("last_at", Moment(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("over_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("alert", "person", name="pk_alert_tellings"),
    )


def _silences() -> None:
    op.create_table(
        "silences",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("by", Words(), nullable=False),
        sa.Column("reason", Words(), nullable=False),
        sa.Column("begins_at", Moment(), nullable=False),
        sa.Column("ends_at", Moment(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("account", Words(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_silences"),
    )


def _credentials() -> None:
    op.create_table(
        "credentials",
        sa.Column("name", Words(), nullable=False),
        sa.Column("sealed", Words(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.Column("changed_by", Words(), nullable=False),
        sa.Column("begun_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_credentials"),
    )


def _credential_checks() -> None:
    op.create_table(
        "credential_checks",
        sa.Column("account", Words(), nullable=False),
        sa.Column("credential", Words(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("tried_at", Moment(), nullable=False),
        sa.Column("checked_at", Moment(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("detail", Words(), nullable=False),
        sa.Column("kind", Words(), nullable=False),
        sa.Column("scopes", Facts(), nullable=False),
        sa.Column("missing_scopes", Facts(), nullable=False),
        sa.Column("connected_by", Words(), nullable=True),
        sa.Column("expires_at", Moment(), nullable=True),
        sa.Column("clocks", Facts(), nullable=False),
        sa.Column("cause_key", Words(), nullable=True),
        sa.PrimaryKeyConstraint("account", name="pk_credential_checks"),
    )


def _used_links() -> None:
    op.create_table(
        "used_links",
        sa.Column("link", Words(), nullable=False),
        sa.Column("used_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("link", name="pk_used_links"),
    )


def _state() -> None:
    op.create_table(
        "state",
        sa.Column("name", Words(), nullable=False),
        sa.Column("value", Words(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_state"),
    )


def _quota() -> None:
    op.create_table(
        "quota_usage",
        sa.Column("platform", Words(), nullable=False),
        sa.Column("holder", Words(), nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("reach", sa.Text(), nullable=False),
        sa.Column("percent", sa.Float(), nullable=False),
        sa.Column("read_at", Moment(), nullable=False),
        sa.Column("limit", sa.Integer(), nullable=True),
        sa.Column("remaining", sa.Integer(), nullable=True),
        sa.Column("resets_at", Moment(), nullable=True),
        sa.Column("blocked_until", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("platform", "holder", "name", name="pk_quota_usage"),
    )
    op.create_table(
        "quota_spending",
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("platform", Words(), nullable=False),
        sa.Column("account", Words(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("on", "platform", "account", "measure", name="pk_quota_spending"),
    )
