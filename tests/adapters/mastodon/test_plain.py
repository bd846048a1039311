"""A status's HTML as its author's words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchdaemon.sandbox.mastodon.statuses import content
from watchdaemon_adapters.mastodon.plain import plain_text

LONG_ADDRESS = (
    '<p>Se <a href="https://www.exempel.example/en/lang/adress?a=1&amp;b=2"><span class="invisible">https://www.</span>'
    '<span class="ellipsis">exempel.example/en/lang</span><span class="invisible">/adress?a=1&amp;b=2</span></a>!</p>'
)
MENTION = (
    '<p><span class="h-card"><a href="https://m.example/@kim" class="mention">@<span>kim</span></a></span> hej</p>'
)
HASHTAG = '<p><a href="https://m.example/tags/bad" class="mention hashtag" rel="tag">#<span>bad</span></a></p>'
QUOTATION = "<p>Ni skrev</p><blockquote><p>öppet</p><p>i dag</p></blockquote><p>När?</p>"
ESCAPED = '<p><a href="https://exempel.example/%C3%A5/">exempel.example/å</a></p>'
MARKUP = [
    "<p>",
    "</p>",
    "<br>",
    "<ul>",
    "</ul>",
    "<li>",
    "</a>",
    "<pre>",
    "<blockquote>",
    "</blockquote>",
    "<script>",
    "&amp;",
    "<![",
    "ord",
    " ",
    "\n",
    "<a href='https://x.example'>",
]

CASES = [
    ("a paragraph", "<p>Hej</p>", "Hej"),
    ("paragraphs", "<p>Hej</p><p>Hur är läget?</p>", "Hej\n\nHur är läget?"),
    ("line breaks", "<p>ett<br />två<br>tre</p>", "ett\ntvå\ntre"),
    ("entities", "<p>5 &lt; 6 &amp; &quot;å&#228;&#39;</p>", "5 < 6 & \"åä'"),
    ("a mention", MENTION, "@kim hej"),
    ("a hashtag", HASHTAG, "#bad"),
    (
        "a long address, its ends out of sight",
        LONG_ADDRESS,
        "Se https://www.exempel.example/en/lang/adress?a=1&b=2!",
    ),
    (
        "a link with words of its own",
        '<p>Läs <a href="https://exempel.example/x">här</a>.</p>',
        "Läs här (https://exempel.example/x).",
    ),
    ("a link without words", '<p><a href="https://exempel.example/x"></a></p>', "https://exempel.example/x"),
    ("a link that leads nowhere", '<p><a href="javascript:x()">här</a></p>', "här"),
    ("an address written otherwise", ESCAPED, "exempel.example/å"),
    ("a list", "<p>Fråga:</p><ul><li>ett</li><li>två</li></ul><p>Hej</p>", "Fråga:\n\n- ett\n- två\n\nHej"),
    ("an ordered list", "<ol><li>ett</li><li>två</li></ol>", "1. ett\n2. två"),
    ("a list in a list", "<ul><li>ett<ul><li>inne</li></ul></li><li>två</li></ul>", "- ett\n  - inne\n- två"),
    ("a quotation", QUOTATION, "Ni skrev\n\n> öppet\n\n> i dag\n\nNär?"),
    ("code", "<pre><code>a  b\n  c</code></pre>", "a  b\n  c"),
    ("spaces that HTML does not show", "<p>  a \n\t b  </p>\n<p> c</p>", "a b\n\nc"),
    ("a no-break space is a character", "<p>10&nbsp;000</p>", "10\u00a0000"),
    ("bold and italics", "<p>när <strong>öppnar</strong> <em>ni</em>?</p>", "när öppnar ni?"),
    ("a picture of a word", '<p>Hej <img alt=":katt:" src="https://m.example/k.png"></p>', "Hej :katt:"),
    ("no markup", "Hej & hå", "Hej & hå"),
    ("scripts and styles", "<p>a<script>alert(1)</script><style>p{}</style>b</p>", "ab"),
    ("open tags", "<p>Hej <b>du", "Hej du"),
    ("closed tags that were not open", "Hej</p></a></li></ul></blockquote> du", "Hej\n\ndu"),
    ("a broken declaration", "<p>Hej &amp; hå</p><![foo[x]> du", "Hej & hå   du"),
    ("nothing", "", ""),
    ("what no database takes", "<p>a\x00b\ud800</p>", "a\ufffdb\ufffd"),
]


@pytest.mark.parametrize(("html", "text"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_html_becomes_what_was_written(html: str, text: str) -> None:
    assert plain_text(html) == text


def test_the_address_a_server_puts_before_a_quote_post_is_not_the_authors() -> None:
    html = '<p class="quote-inline">RE: <a href="https://m.example/1">https://m.example/1</a></p><p>Äntligen</p>'

    assert plain_text(html, without_quote_link=True) == "Äntligen"
    assert plain_text(html) == "RE: https://m.example/1\n\nÄntligen"


@settings(deadline=None)
@given(st.text())
def test_any_text_at_all_gives_text_that_can_be_stored(html: str) -> None:
    assert b"\x00" not in plain_text(html).encode()


@settings(deadline=None)
@given(st.lists(st.sampled_from(MARKUP), max_size=30))
def test_any_markup_keeps_the_words_outside_scripts(parts: list[str]) -> None:
    html = "".join(parts)
    shown = html.partition("<script>")[0].partition("<![")[0]

    assert plain_text(html).count("ord") >= shown.count("ord")


@settings(deadline=None)
@given(st.text(alphabet="ab å<>&\"'#\n.?!/:", max_size=60))
def test_what_an_instance_makes_of_a_text_reads_back_as_the_text(text: str) -> None:
    """Runs of spaces and empty lines are HTML's to drop; the words, the lines and the paragraphs are not."""
    paragraphs = ["\n".join(" ".join(line.split()) for line in p.split("\n")) for p in text.split("\n\n")]
    expected = [line for p in paragraphs for line in p.split("\n") if line]

    assert [line for line in plain_text(content(text)).split("\n") if line] == expected
