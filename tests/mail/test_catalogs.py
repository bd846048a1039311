"""Every word of a mail is in every catalog."""

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from watchdaemon.errors import Reason
from watchdaemon.mail import language as language_module
from watchdaemon.mail.language import LANGUAGES, SOURCE_LANGUAGE, catalog
from watchdaemon.mail.reasons import EXPLANATIONS

TRANSLATED = [language for language in LANGUAGES if language != SOURCE_LANGUAGE]
PLACES = re.compile(r"%\((\w+)\)[sd]")


def forms(message: object) -> tuple[str, ...]:
    """Return a message's singular and, if it has one, its plural."""
    assert isinstance(message, str | tuple | list)
    return (message,) if isinstance(message, str) else tuple(message)


def source_messages() -> set[tuple[str, ...]]:
    """Return every message of the code and the templates."""
    found = extract_from_dir(
        Path(language_module.__file__).parent,
        method_map=[("**.py", "python"), ("**.j2", "jinja2.ext:babel_extract")],
        keywords={"N_": None, "say": None, "count": (1, 2)},
    )
    return {forms(message) for _, _, message, _, _ in found}


def entries(language: str) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Return a catalog's messages with their translations."""
    path = Path(language_module.__file__).parent / "locale" / language / "LC_MESSAGES" / "watchdaemon.po"
    with path.open("rb") as source:
        messages = read_po(source, locale=language)
    return {forms(message.id): forms(message.string) for message in messages if message.id and not message.fuzzy}


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalog_has_every_message_and_no_other(language: str) -> None:
    assert set(entries(language)) == source_messages()


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_translation_is_empty_or_loses_a_place(language: str) -> None:
    for message, translations in entries(language).items():
        wanted = {place for form in message for place in PLACES.findall(form)}

        assert all(translations), message
        assert all(set(PLACES.findall(translation)) == wanted for translation in translations), message


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_words_and_something_to_do(reason: Reason) -> None:
    explanation = EXPLANATIONS[reason]

    assert explanation.why
    assert explanation.steps


def test_a_language_without_a_catalog_is_an_error_and_not_english() -> None:
    with pytest.raises(FileNotFoundError):
        catalog("fi")
