"""What a fetch that broke off leaves to the next: nothing is called complete while something is missing. One second."""

from tests.adapters.x.fake import ME, FakeX, Json, adapter, fetch, move, post

from watchdaemon.domain.fetch import Coverage, FetchResult

LIMITED: tuple[int, Json, dict[str, str]] = (429, {"title": "Too Many Requests"}, {})


def ids_of(*results: FetchResult) -> set[str]:
    return {i.external_id for result in results for i in result.items}


def test_mentions_that_took_two_fetches_are_searched_for_below_where_x_stops(x: FakeX) -> None:
    x.search_shows_mentions = True
    x.mentions_shown = 800
    x.own = [post("1000", author=ME, hours_ago=9)]
    x.mentions = [
        post(str(2000 + 2 * n), hours_ago=8, text="@exempelkommun hej?", reply_to=("1000", ME)) for n in range(1000)
    ]
    made = adapter()
    x.calls_left = {"/mentions": 5}
    x.refusals = {"search/recent": LIMITED}
    first = fetch(made)
    x.calls_left, x.refusals = {}, {}

    second = fetch(made, dict(first.cursors))

    assert (first.coverage, len(first.items)) == (Coverage.PARTIAL, 501)
    assert second.coverage is Coverage.COMPLETE
    assert ids_of(first, second) == {p["id"] for p in (*x.own, *x.mentions)}
    assert x.rows_sent == 1001  # none came twice


def test_mentions_of_an_earlier_fetch_are_not_taken_for_all_there_are(x: FakeX) -> None:
    x.search_shows_mentions = True
    x.mentions_shown = 800
    x.own = [post("1000", author=ME, hours_ago=9)]
    x.mentions = [
        post(str(2000 + 2 * n), hours_ago=8, text="@exempelkommun hej?", reply_to=("1000", ME)) for n in range(1000)
    ]
    made = adapter()
    x.refusals = {"search/recent": LIMITED}
    first = fetch(made)
    x.refusals = {}
    # so many new ones that the search is not cut at each
    x.mentions += [
        post(str(5000 + 2 * n), hours_ago=0, text="@exempelkommun hej?", reply_to=("1000", ME)) for n in range(100)
    ]

    second = fetch(made, dict(first.cursors))

    assert second.coverage is Coverage.COMPLETE
    assert ids_of(first, second) == {p["id"] for p in (*x.own, *x.mentions)}


def test_what_was_written_while_a_round_of_searches_lay_broken_off_is_found_in_every_conversation(x: FakeX) -> None:
    x.own = [post(str(1000 + n), author=ME, hours_ago=9) for n in range(30)]
    x.mentions = [post("1500", hours_ago=8, reply_to=("1000", ME))]
    made = adapter()
    cursors = dict(fetch(made).cursors)
    move(made, minutes=10)
    x.calls_left = {"search/recent": 3}  # by name, and two of three groups of conversations
    cursors |= fetch(made, cursors).cursors
    x.calls_left = {}
    x.search = [  # neither names the account
        post("2000", hours_ago=-0.2, reply_to=("1029", ME)),  # under a conversation that was searched before
        post("2001", hours_ago=-0.2, reply_to=("1000", ME)),  # under one that is still to be
    ]
    move(made, minutes=10)

    result = fetch(made, cursors)

    assert result.coverage is Coverage.COMPLETE
    assert ids_of(result) == {"2000", "2001"}
