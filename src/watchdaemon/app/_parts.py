"""Parts as the settings want them: signed links, what renders mails, what sends them, where they come back to."""

import secrets
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr

from watchdaemon.errors import ConfigError
from watchdaemon.mail.bounces import BounceReader
from watchdaemon.mail.mailbox import ImapBox, MaildirBox
from watchdaemon.mail.render import MailRenderer
from watchdaemon.mail.smtp import SmtpMailer
from watchdaemon.ports import Store
from watchdaemon.services.links import LinkKeys, SignedLinks
from watchdaemon.settings import Settings


def signed_links(settings: Settings, store: Store) -> SignedLinks | None:
    """Return what makes and reads the links in mails; None when no pages are served.

    Raises:
        ConfigError: The credential that is to sign them cannot be used.
    """
    web = settings.web
    if web.public_url is None:
        return None
    life = timedelta(days=web.link_days)
    keys = LinkKeys(store, settings.credential_source(), credential=web.key, is_required=web.key_is_given, life=life)
    keys.check()
    return SignedLinks(store, keys, public_url=web.public_url, life=life)


def mail_renderer(settings: Settings, links: SignedLinks | None, secret: str) -> MailRenderer:
    """Return what turns what is to be said into mails; `secret` makes their Message-IDs unguessable."""
    return MailRenderer(
        organisation=settings.organisation.name,
        sender=settings.mail.sender,
        zone=settings.organisation.timezone,
        language=settings.organisation.language,
        colour=settings.organisation.colour,
        reply_to=settings.mail.reply_to,
        links=links,
        sender_name=settings.mail.sender_name,
        secret=secret,
    )


def mail_secret(store: Store) -> str:
    """Return what makes our Message-IDs unguessable: made once, and kept, so that a mail made again is the same."""
    known = store.get_state("mail_secret")
    if known is None:
        known = secrets.token_hex(16)
        store.set_state("mail_secret", known)
    return known


def smtp_mailer(settings: Settings, *, on_step: Callable[[str], None] = lambda _: None) -> SmtpMailer:
    """Return what hands mails to the configured server; nothing is connected yet.

    `on_step` is told of each step that went well.

    Raises:
        ConfigError: A setting or credential cannot be used.
    """
    mail = settings.mail
    password = _password(settings, "password_credential", mail.password_credential)
    return SmtpMailer(
        host=mail.host,
        port=mail.port,
        sender=mail.sender,
        security=mail.security,
        username=mail.username,
        password=password,
        ca_file=mail.ca_file,
        timeout_seconds=mail.timeout.total_seconds(),
        local_hostname=mail.local_hostname,
        bounce_address=mail.bounce_address,
        verp=mail.verp,
        on_step=on_step,
    )


def return_box(settings: Settings) -> MaildirBox | ImapBox | None:
    """Return the mailbox for returned mails, or None when none is configured; nothing is connected yet.

    Raises:
        ConfigError: Its credential cannot be used.
    """
    mail = settings.mail
    reader = BounceReader(sender=mail.sender, bounce_address=mail.bounce_address)
    if mail.bounces is None:
        return None
    password = _password(settings, "bounces_credential", mail.bounces_credential)
    if "://" not in mail.bounces or password is None:
        return MaildirBox(Path(mail.bounces), reader)
    return ImapBox(
        mail.bounces, reader, password=password, ca_file=mail.ca_file, timeout_seconds=mail.timeout.total_seconds()
    )


def _password(settings: Settings, key: str, credential: str | None) -> SecretStr | None:
    if credential is None:
        return None
    fields = settings.credential_source().read(credential)
    password = fields.get("password", fields.get("token"))
    if password is None:
        raise ConfigError(f"mail.{key}: {credential!r} holds no password")
    return password
