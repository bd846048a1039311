"""Private matters of health and social services, told of oneself or one's own: what an authority keeps secret.

The fields are those of the Public Access to Information and Secrecy Act (2009:400), chapters 25 (health), 26 (social
services) and 23 (schools). A word alone is a topic ("socialtjänsten"); with somebody it is about, it is that person's
matter.
"""

import re
from collections.abc import Iterator
from typing import Final

HEALTH: Final = "health"
SOCIAL: Final = "social"

_OWN: Final = r"min|mitt|mina|vår|vårt|våra|hans|hennes|deras|my|our|his|her"
_KIN: Final = (
    r"son|sons|dotter|dotters|barn|barns|mamma|mammas|mor|mors|pappa|pappas|far|fars|man|mans|fru|frus|sambo|bror"
    r"|syster|"
    r"mormor|morfar|farmor|farfar|granne|grannes|elev|brukare|klient|anhörig|make|maka|kille|tjej|barnbarn|unge"
    r"|tonåring|"
    r"son's|daughter|mother|father|mum|mom|dad|husband|wife|child|kid|brother|sister|neighbour"
)
_SOMEBODY: Final = re.compile(
    rf"\b(?:(?:{_OWN})(?: \w+)? (?:{_KIN})|jag (?:är|har|fick|blev|lider|går på|tar|väntar|mår)|jag själv|mig som|"
    r"i (?:have|am|was|got|suffer))\b"
)

_MATTERS: Final = (
    (
        HEALTH,
        re.compile(
            r"\b(?:adhd|autis\w+|asperger\w*|add-diagnos|bipolär\w*|schizofren\w*|psykos\w*|depression\w*"
            r"|deprimerad|ångest\w*|"
            r"självmord\w*|självskad\w*|suicid\w*|anorexi\w*|bulimi\w*|ätstörning\w*|missbruk\w*|alkoholist\w*"
            r"|alkoholiserad|"
            r"beroendevård\w*|cancer\w*|tumör\w*|leukemi|hiv|hepatit\w*|epilepsi\w*|diabetes|demens\w*|dement"
            r"|alzheimer\w*|"
            r"stroke|ms-diagnos|parkinson\w*|abort\w*|missfall\w*|diagnos(?:en|er)?|sjukskriv\w+|utmattnings\w+"
            r"|utbränd\w*|"
            r"bup|psyk(?:iatri\w*|et|akuten)?|tvångsvård\w*|lpt|rättspsyk\w*|funktionsnedsatt\w*|utvecklingsstör\w*|"
            r"depressed|anxiety|suicidal|schizophrenia|dementia|addict(?:ed|ion)?)\b"
        ),
    ),
    (
        SOCIAL,
        re.compile(
            r"\b(?:soc|socialtjänst\w*|socialsekreterare\w*|socialbidrag\w*|försörjningsstöd\w*|orosanmäl\w+|lvu"
            r"|lvm|lss|"
            r"omhändertag\w+|familjehem\w*|fosterhem\w*|placerad|hvb\w*|vårdnad\w*|umgänge\w*|kontaktfamilj\w*"
            r"|hemtjänst\w*|"
            r"biståndsbedöm\w+|biståndshandläggar\w*|boendestöd\w*|personlig assistans|misshandl\w+|våldtag\w+"
            r"|våldtäkt\w*|"
            r"kvinnojour\w*|skyddat boende|skyddad identitet|god man|vräkt\w*|hemlös\w*|skuldsaner\w+|kronofogd\w+|"
            r"social services|foster care|custody|restraining order)\b"
        ),
    ),
)
_SENTENCE_END: Final = re.compile(r"[.!?]")
_NEAR: Final = 120
"""Characters between a person and the matter, at most, to belong together."""

_MOST: Final = 20


def private_matters(text: str) -> Iterator[tuple[int, int, str, bool]]:
    """Yield matters in a lowered text: its place, its kind, and whether somebody it is about stands near."""
    for kind, pattern in _MATTERS:
        for count, found in enumerate(pattern.finditer(text)):
            if count >= _MOST:
                break
            before = _SENTENCE_END.split(text[max(found.start() - _NEAR, 0) : found.start()])[-1]
            after = _SENTENCE_END.split(text[found.end() : found.end() + _NEAR])[0]
            is_somebodys = _SOMEBODY.search(f"{before}{found.group()}{after}") is not None
            yield found.start(), found.end(), kind, is_somebodys
