"""What docs/platforms.md says besides the numbers: the floors, and why we are above one where we are."""

HEAD = """# What watching takes: calls and money for each poll

Written by `python -m tests.costs` from real requests against the sandbox; do not edit it by hand. An account has ten
posts in its look-back of 30 days with two comments each, unless the row says otherwise, and no direct messages.
*Floor* is the least that the platform's documents allow for a poll that misses nothing. Prices are X's list prices; a
resource that is sent again on one UTC day is billed once.
"""

FLOORS: dict[str, dict[str, str]] = {
    "x": {
        "quiet": "0 posts",
        "first": "0 posts; 1 user: whose token it is",
        "ten": "10 posts, and each new author once",
        "thousand": "1,000 posts, but X shows only the newest 800 mentions; each new author once",
        "hundred": "0 posts",
    },
    "youtube": {
        "quiet": "4 units: the uploads and three listings",
        "first": "4 units",
        "ten": "4 units",
        "thousand": "14 units: eleven pages of threads instead of one",
        "hundred": "4 units",
        "forty": "160 units: no call reads two channels",
    },
    "facebook": {
        "quiet": "1 request: three questions in one batch",
        "first": "1 request",
        "ten": "1 request",
        "thousand": "a page of comments holds 100 at most: 10 questions more, in one batch each for the page after it",
        "hundred": "1 request more for the pages of posts",
        "forty": "3 requests: 120 questions, 50 in a batch",
    },
    "instagram": {
        "quiet": "1 request: its questions in one batch",
        "first": "1 request",
        "ten": "1 request",
        "thousand": "a page of comments holds 50",
        "hundred": "1 request more for the pages of media",
        "forty": "3 requests: 120 questions, 50 in a batch",
    },
    "bluesky": {
        "quiet": "2 requests, and one for each post to be sure that no notification is missing",
        "first": "the same",
        "ten": "the same",
        "thousand": "10 pages of notifications more",
        "hundred": "102 requests",
    },
    "mastodon": {
        "quiet": "2 requests: own statuses and notifications; one for each status to be sure that none is missing",
        "first": "the same",
        "ten": "the same",
        "thousand": "a page of notifications for each 80",
        "hundred": "3 requests",
    },
    "threads": {
        "quiet": "1 request, and one for each post: nothing else tells which conversation moved",
        "first": "the same",
        "ten": "the same",
        "thousand": "the same, and a page of a conversation for each 100",
        "hundred": "101 requests",
    },
}

NOTES: dict[str, str] = {
    "x": """
X bills each post, user and message it sends, and nothing for an empty list. So a request is free, and a post is not:

* **Nothing that is known is asked for again.** `since_id` is exact. What may turn up behind newer posts is looked for
  in the gaps between the known ids of two days, whose bounds are exclusive; they are empty, and therefore free. This
  replaces the 48 hours that X's own advice reads twice.
* **Quiet is confirmed without a post**: an empty list of mentions is held against the search for the account's name,
  which is free when it finds nothing. When no list at all gave a single row, the token is asked about, with the number
  of posts that the account has written: a user, billed once a UTC day and read that day already. All lists may still
  lie at once. So one known post is read where the silence is unlikely by the pace of the last two days, where the
  account has written something that its list does not show, and else when nothing was shown for a week.
* **Names are looked up once.** A user costs two posts wherever one is expanded, on each day anew; so nothing is
  expanded, and the ids that are not known are asked for once in 30 days.
* **Direct messages know no `since_id`.** One message is read; if it is the known one, there is nothing new. Otherwise
  pages of ten follow, and of a hundred after two days without a read.
* **Searches are cut at what the mentions brought**, so that a reply under an own post is not sent by both lists, as
  long as that takes no more than 60 searches; beyond, what names the account is left out of the search, down to the
  last mention that X shows.
* **Quotes** have no `since_id` in their list: a post that nobody quoted costs nothing. From its first quote on they are
  searched for above the newest known one, and between the known ones once a UTC day, after one of them was read a
  second time to see that the search shows it (on the day it was billed). Where it does not, the list is read in pages
  of ten down to the newest known one, and whole once a UTC day.
* Open questions are looked up at each poll, up to a hundred in a call: once a UTC day they are billed. What the fetch
  itself brought a moment ago is not looked up.
""",
    "youtube": """
Each request is one unit of the 10,000 that a project has a day.

* **Whose credential it is** is asked once, and again when it is another one; after that each listing of held comments
  proves it, for only the owner gets it.
* **Replies are read when something moved**: the thread's count, or the replies that are shown with it. A count can
  hide that one came while another went: on the first day on which anything moves in the channel every thread is read
  again, and on a channel where nothing moves each thread whenever its last reading is a week old. That is the only
  poll of a quiet channel above four units.
* The listings of held comments are read to their end, for a held reply is listed with its thread, however old that is:
  a unit more for each hundred that nobody reviews.
* A look-back with more than a hundred threads takes a unit for each further hundred, in every poll: no filter tells
  which thread got a reply.
* Open questions that the fetch saw are not looked up again.
""",
    "facebook": """
One batch asks fifty questions, for as many Pages as that takes. What is left free in the last batch is used to ask for
lists by themselves that never held anything: left out of a larger answer they would pass for empty.
""",
    "instagram": "As Facebook: its batches go through the same code.",
    "bluesky": "Requests are free, and limited to 3,000 in five minutes.",
    "mastodon": "Requests are free and limited to 300 in five minutes for each account.",
    "threads": "Requests are free; the limit grows with the account's impressions.",
}
