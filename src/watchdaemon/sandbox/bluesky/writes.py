"""Records that an account writes into its own repository: replies, thread gates, and deletions."""

from watchdaemon.sandbox import ids
from watchdaemon.sandbox.bluesky.posts import Json, Posts
from watchdaemon.sandbox.bluesky.spec import POST, Refused
from watchdaemon.sandbox.world import Kind, World, WorldAccount, WorldItem

GATE = "app.bsky.feed.threadgate"


class Writes:
    """The procedures of com.atproto.repo, as far as moderation needs them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._posts = Posts(world)

    def write(self, name: str, account: WorldAccount, body: Json) -> Json:
        """Carry a procedure out. Raises Refused."""
        if body.get("repo") != account.native_id:
            raise Refused(401, "AuthenticationRequired", "Authentication Required")
        wanted = (name.rpartition(".")[2], body.get("collection"))
        if wanted == ("createRecord", POST):
            return self._reply(account, _record(body, POST))
        if wanted == ("putRecord", GATE):
            return self._gate(account, body, _record(body, GATE))
        if wanted == ("deleteRecord", POST):
            item = self._posts.find(f"at://{account.native_id}/{POST}/{body.get('rkey')}")
            if item is not None:  # what is not there needs no deleting
                self._world.delete(item, cascade=False)
            return {}
        raise Refused(400, "InvalidRequest", f"Invalid {name} input")

    def _reply(self, account: WorldAccount, record: Json) -> Json:
        text, reply = record.get("text"), record.get("reply")
        if not isinstance(text, str) or not isinstance(reply, dict) or not isinstance(record.get("createdAt"), str):
            raise Refused(400, "InvalidRequest", "Invalid app.bsky.feed.post record")
        if len(text) > 300:
            raise Refused(400, "InvalidRequest", "Invalid app.bsky.feed.post record: Record/text must not be longer")
        parent, root = (self._posts.find(str(reply.get(n, {}).get("uri"))) for n in ("parent", "root"))
        if parent is None or root is None:
            raise Refused(400, "InvalidRequest", "The post that is answered is not there")
        now = self._world.now()
        item = WorldItem(
            id=ids.bluesky_post(account.native_id, now, f"{parent.id}:{text}:{len(self._world.all_items())}"),
            account=parent.account,
            kind=Kind.COMMENT,
            author_id=account.native_id,
            author_name=account.name,
            author_username=account.username,
            text=text,
            published_at=now,
            by_account=True,
            parent_id=parent.id,
            root_id=root.id,
        )
        self._world.add(item)
        return {"uri": item.id, "cid": ids.bluesky_cid(item.id + text), "validationStatus": "valid"}

    def _gate(self, account: WorldAccount, body: Json, record: Json) -> Json:
        root = self._posts.find(f"at://{account.native_id}/{POST}/{body.get('rkey')}")
        hidden = record.get("hiddenReplies")
        if root is None or record.get("post") != root.id or not isinstance(hidden, list) or len(hidden) > 300:
            raise Refused(400, "InvalidRequest", "Invalid app.bsky.feed.threadgate record")
        known = self._posts.gate(root)
        if "swapRecord" in body and body["swapRecord"] != (known or {}).get("cid"):
            raise Refused(400, "InvalidSwap", "Record was changed meanwhile")
        for item in self._world.below(root):
            if item.is_hidden(self._world.now()) is not (item.id in hidden):
                self._world.hide(item, hidden=item.id in hidden)
        uri = root.id.replace(POST, GATE)
        return {"uri": uri, "cid": ids.bluesky_cid(uri), "validationStatus": "valid"}


def _record(body: Json, kind: str) -> Json:
    record = body.get("record")
    if not isinstance(record, dict) or record.get("$type") != kind:
        raise Refused(400, "InvalidRequest", f"Invalid {kind} record")
    return record
