"""Direct messages: Messenger's and Instagram's threads look almost the same on the Graph."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from watchdaemon.sandbox.graph.call import Call, Params, graph_time
from watchdaemon.sandbox.graph.nodes import Answer, Edge, ItemNode, Listing, Node, entries_of, names
from watchdaemon.sandbox.world import WorldAccount, WorldItem

_INSTAGRAM_READABLE = 20  # only so many newest messages of a thread can be read


class ConversationNode(Node):
    """A thread between the account and one person. `messages` exist now, oldest first, at least one."""

    TYPE = "UnifiedThread"
    DEFAULT = ("id", "link", "updated_time")
    KNOWN = names("folder former_participants is_owner linked_group name wallpaper")
    EDGES: ClassVar[dict[str, Edge]] = {"messages": Edge()}

    def __init__(self, call: Call, account: WorldAccount, conversation_id: str, messages: Sequence[WorldItem]) -> None:
        super().__init__(call, account)
        self._id = conversation_id
        self.messages = messages

    @property
    def id(self) -> str:
        """The thread's id."""
        return self._id

    @property
    def updated_at(self) -> datetime:
        """When the last message came."""
        return self.messages[-1].published_at

    def get_updated_time(self) -> str:
        """When the last message came."""
        return graph_time(self.updated_at)

    def get_link(self) -> str:
        """The path of the thread in the platform's own inbox."""
        return f"/{self.account.native_id}/inbox/{self.id.removeprefix('t_')}/"

    def get_message_count(self) -> int:
        """How many messages there are."""
        return len(self.messages)

    def get_unread_count(self) -> int:
        """How many came after the account's own last one."""
        unread = 0
        for message in reversed(self.messages):
            if message.by_account:
                break
            unread += 1
        return unread

    def get_snippet(self) -> str | None:
        """The beginning of the last message."""
        return self.messages[-1].text_at(self.call.now)[:80] or None

    def get_can_reply(self) -> bool:
        """Whether the platform would let the account write."""
        return True

    def get_is_subscribed(self) -> bool:
        """Whether the person still takes messages."""
        return True

    def get_scoped_thread_key(self) -> str:
        """The thread's id again."""
        return self.id

    def get_participants(self) -> Answer:
        """Both sides."""
        return {"data": [p for p in (self._citizen(), party(self.account, None)) if p is not None]}

    def get_senders(self) -> Answer:
        """Both sides, as the platform gives it."""
        return self.get_participants()

    def _citizen(self) -> Answer | None:
        message = next((m for m in self.messages if not m.by_account), None)
        return party(self.account, message) if message is not None else None

    def list_messages(self, _params: Params) -> Listing:
        """Return messages, newest first."""
        messages = self.call.world.conversation(self.account.key, self.id, with_deleted=True)
        if self.account.platform == "instagram":
            messages = messages[-_INSTAGRAM_READABLE:]
        return Listing(entries_of(messages, MessageNode, self.call, newest_first=True), newest_first=True)


class MessageNode(ItemNode):
    """One message."""

    TYPE = "Message"
    DEFAULT = ("id", "created_time")
    KNOWN = names("is_unsupported reactions shares sticker story thread_id")
    EDGES: ClassVar[dict[str, Edge]] = {"attachments": Edge()}

    def get_created_time(self) -> str:
        """When it was sent."""
        return graph_time(self.item.published_at)

    def get_message(self) -> str:
        """The text; "" for a picture alone."""
        return self.item.text_at(self.call.now)

    def get_from(self) -> Answer:
        """Who sent it."""
        return party(self.account, None if self.item.by_account else self.item)

    def get_to(self) -> Answer:
        """Whom it was sent to."""
        if not self.item.by_account:
            return {"data": [party(self.account, None)]}
        thread = self.call.world.conversation(self.account.key, self.item.conversation_id or "")
        other = next((m for m in thread if not m.by_account), None)
        return {"data": [party(self.account, other)] if other else []}

    def get_tags(self) -> Answer:
        """The platform's own marks."""
        return {"data": [{"name": "inbox"}, {"name": "sent" if self.item.by_account else "read"}]}

    def list_attachments(self, _params: Params) -> Listing:
        """Return nothing: messages are text here."""
        return Listing([])


def party(account: WorldAccount, message: WorldItem | None) -> Answer:
    """Return one side of a thread: the writer of `message`, or the account itself for None."""
    if account.platform == "instagram":
        if message is None:
            return {"username": account.username, "id": account.native_id}
        return {"username": message.author_username or message.author_name, "id": message.author_id}
    if message is None:
        return {"name": account.name, "email": f"{account.native_id}@facebook.com", "id": account.native_id}
    return {"name": message.author_name, "email": f"{message.author_id}@facebook.com", "id": message.author_id}
