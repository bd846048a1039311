"""``doctor --probe``: what a live account tells of the questions that its platform's documentation leaves open."""

import math
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import typer

from watchdaemon.cli._output import clean, emit_json, note
from watchdaemon.cli._session import built
from watchdaemon.errors import AdapterError, ConfigError

if TYPE_CHECKING:
    from watchdaemon.app import App
    from watchdaemon.domain.account import Account
    from watchdaemon.domain.probe import ProbeAnswer, ProbePlan
    from watchdaemon.ports import Probes
    from watchdaemon.settings import Settings

_LONGEST: Final = 1000


def probe_accounts(settings: "Settings", keys: Sequence[str], *, as_json: bool) -> None:
    """Probe these accounts, one after another. Raises typer.Exit(1) when one has no usable credential."""
    if not keys:
        raise ConfigError("--probe: name the accounts whose platforms shall be asked")
    rows: list[dict[str, object]] = []
    failed = False
    with built(settings) as app:
        for account in _chosen(app, keys):
            prober = _prober(app, account)
            _announce(account, prober.probe_plan(account))
            try:
                for answer in prober.probe(account):
                    rows.append(_row(account, answer))
                    if not as_json:
                        _show(answer)
            except AdapterError as error:
                note(f"{account.key}: not probed: {error}")
                failed = True
    if as_json:
        emit_json(rows)
    if failed:
        raise typer.Exit(1)


def _chosen(app: "App", keys: Sequence[str]) -> "Iterator[Account]":
    from watchdaemon.handwritten import nearest_key

    accounts = app.register().accounts
    for key in keys:
        if key not in accounts:
            raise ConfigError(f"there is no account {key!r} in the register{nearest_key(key, accounts)}")
    return (accounts[key] for key in keys)


def _prober(app: "App", account: "Account") -> "Probes":
    from watchdaemon.ports import Probes

    adapter = app.adapter(account.platform)
    if not isinstance(adapter, Probes):
        raise ConfigError(f"{account.key}: nothing is left open about {account.platform} that could be asked")
    return adapter


def _announce(account: "Account", plan: "ProbePlan") -> None:
    """Say what it takes; where it costs money, have a person at a terminal agree to it."""
    price = _price(plan) or "no charge"
    note(
        f"{account.key} ({account.platform}): {len(plan.unknowns)} questions, at most {plan.most_calls} calls, "
        f"{price}; nothing is changed."
    )
    if plan.most_dollars and _is_at_terminal():
        typer.confirm("Ask?", default=True, abort=True, err=True)


def _is_at_terminal() -> bool:
    return sys.stdin.isatty()


def _price(plan: "ProbePlan") -> str:
    """Write what it costs at most, to the cent above; "" where it costs nothing."""
    return f"up to ${math.ceil(plan.most_dollars * 100) / 100:.2f}" if plan.most_dollars else ""


def _show(answer: "ProbeAnswer") -> None:
    unknown = answer.unknown
    typer.echo(f"{answer.told.upper()}  {unknown.name}: {unknown.question}")
    for line in (answer.evidence, _meaning(answer)):
        if line:
            typer.echo(f"    {clean(line, longest=_LONGEST)}")


def _row(account: "Account", answer: "ProbeAnswer") -> dict[str, object]:
    return {
        "account": account.key,
        "platform": account.platform,
        "probe": answer.unknown.name,
        "question": answer.unknown.question,
        "told": answer.told.value,
        "evidence": answer.evidence,
        "meaning": _meaning(answer),
    }


def _meaning(answer: "ProbeAnswer") -> str:
    from watchdaemon.domain.probe import Told

    meanings = {Told.AS_ASSUMED: answer.unknown.assumed, Told.OTHERWISE: answer.unknown.otherwise}
    return meanings.get(answer.told, "")


def as_page(plans: "Sequence[tuple[str, ProbePlan]]") -> str:
    """Write the tables of docs/doctor.md: every platform's questions, and what each answer means."""
    lines: list[str] = []
    for platform, plan in plans:
        price = f", {_price(plan)}" if plan.most_dollars else ""
        lines += [f"### {platform}", "", f"At most {plan.most_calls} calls{price}.", ""]
        lines += ["| probe | question | as assumed | otherwise |", "|---|---|---|---|"]
        lines += [f"| `{u.name}` | {u.question} | {u.assumed} | {u.otherwise} |" for u in plan.unknowns]
        lines.append("")
    return "\n".join(lines)
