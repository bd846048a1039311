"""How far the platforms' budgets are used, and what it costs: ``quota``."""

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from watchdaemon.cli._output import emit_json, emit_table, local_text, note, utc_text
from watchdaemon.cli._session import AsJson, At, Config, built, settings_of

if TYPE_CHECKING:
    from watchdaemon.domain.quota import BudgetReport

_HEADS = (
    *("PLATFORM", "BUDGET", "WHOSE", "TODAY", "USED", "LIMIT", "PERCENT", "FULL AGAIN", "FORECAST"),
    *("USD", "USD FORECAST"),
)
_WORTH_A_LINE = 50.0  # percent; a platform may have a limit for each call of each account


def add_to(program: typer.Typer) -> None:
    """Add the command."""
    program.command("quota", rich_help_panel="Looking")(quota)


def quota(
    ctx: typer.Context,
    *,
    show_all: Annotated[bool, typer.Option("--all", help="Show limits that are hardly used, too.")] = False,
    at: At = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Show how far each platform's budgets are used, when they are full again, and what it costs.

    A forecast is what will be used when the budget is full again, if the windows until then cost what they did in the
    last days. Prices are "at most": X says that it bills a resource only once a day.

    \b
    watchdaemon quota --json
    """
    settings = settings_of(ctx, config)
    with built(settings, at=at) as app:
        found = app.quota_report()
    if as_json:
        emit_json(map(report_facts, found))
        return
    zone = settings.organisation.timezone
    shown = [one for one in found if show_all or _is_worth_a_line(one)]
    emit_table(_HEADS, [_row(one, zone) for one in shown])
    if len(shown) < len(found):
        note(f"{len(found) - len(shown)} limits used to less than {_WORTH_A_LINE:.0f} % are not shown: see --all.")
    prices = [(one.price_usd, one.forecast_usd) for one in found if one.price_usd is not None]
    if prices:
        so_far = sum((p for p, _ in prices if p), Decimal(0))
        expected = sum((f for _, f in prices if f), Decimal(0))
        note(f"At most {_usd(so_far)} US dollars so far this month, {_usd(expected)} expected.")


def report_facts(report: "BudgetReport") -> dict[str, object]:
    """Return a budget as JSON has it; these names are relied on."""
    budget = report.budget
    return {
        "platform": budget.platform,
        "budget": budget.name,
        "holder": budget.holder,
        "reach": budget.reach,
        "accounts": sorted(budget.accounts),
        "used": budget.used,
        "limit": budget.limit,
        "percent": None if budget.percent is None else round(budget.percent, 1),
        "used_today": report.used_today,
        "resets_at": utc_text(budget.resets_at),
        "blocked_until": utc_text(budget.blocked_until),
        "forecast": None if report.forecast is None else round(report.forecast, 1),
        "price_usd": _usd(report.price_usd),
        "forecast_usd": _usd(report.forecast_usd),
    }


def _is_worth_a_line(report: "BudgetReport") -> bool:
    return bool(report.budget.counts) or (report.budget.percent or 0.0) >= _WORTH_A_LINE


def _row(report: "BudgetReport", zone: ZoneInfo) -> tuple[object, ...]:
    budget = report.budget
    return (
        budget.platform,
        budget.name,
        budget.holder or f"all {len(budget.accounts)}",
        _number(report.used_today),
        _number(budget.used),
        _number(budget.limit),
        "" if budget.percent is None else f"{budget.percent:.0f} %",
        local_text(budget.blocked_until or budget.resets_at, zone),
        _number(report.forecast),
        _usd(report.price_usd),
        _usd(report.forecast_usd),
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


def _usd(value: Decimal | None) -> str | None:
    """Write money as text: a float would not be exact."""
    return None if value is None else f"{value:.2f}"
