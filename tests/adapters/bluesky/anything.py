"""Any JSON at all, with the lexicon's own words among its keys and values."""

from hypothesis import strategies as st

WORDS = st.sampled_from(
    [
        *("post", "record", "uri", "thread", "replies", "feed", "posts", "notifications", "cursor", "reply", "root"),
        *("parent", "text", "createdAt", "indexedAt", "replyCount", "quoteCount", "blocked", "notFound", "author"),
        *("at://did:plc:x/app.bsky.feed.post/3x", "did:plc:x", "2026-11-20T08:00:00Z"),
    ]
)
# a number that JSON can write and a client can read
_leaves = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text() | WORDS
)

any_json = st.recursive(
    _leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | WORDS, inner, max_size=4),
    max_leaves=8,
)
