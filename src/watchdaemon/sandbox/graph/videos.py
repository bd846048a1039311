"""A Page's own content beside its timeline: reels, live videos, and the photos of a post with several.

In the world they are posts whose `extra` names the shelf they stand on (`SHELF`); advertisements are posts too.
"""

from typing import ClassVar

from watchdaemon.sandbox.graph.call import Params, graph_time
from watchdaemon.sandbox.graph.comments import COMMENT_EDGE, Commentable
from watchdaemon.sandbox.graph.nodes import Answer, Edge, Listing, names
from watchdaemon.sandbox.world import WorldItem

SHELF = "shelf"
REEL, LIVE, ADVERTISEMENT, PHOTO = "reel", "live", "advertisement", "photo"
PHOTO_OF = "photo_of"  # a photo's post


def shelf_of(item: WorldItem) -> str:
    """Return where an own post stands; "" is the timeline."""
    return item.extra.get(SHELF, "")


class _VideoNode(Commentable):
    EDGES: ClassVar[dict[str, Edge]] = {"comments": COMMENT_EDGE}
    get_message = None  # type: ignore[assignment]  # a video has a description

    def get_title(self) -> None:
        """No titles here."""
        return

    def get_description(self) -> str | None:
        """The text as it reads now."""
        return self.item.text_at(self.call.now) or None

    def list_likes(self, _params: Params) -> Listing:
        """Return nothing but a count of none."""
        return Listing([], summary={"total_count": 0, "can_like": True, "has_liked": False})


class ReelNode(_VideoNode):
    """A reel."""

    TYPE = "Video"
    DEFAULT = ("updated_time", "description", "id")
    KNOWN = names(
        "ad_breaks admin_creator audio_isrc backdated_time backdated_time_granularity boost_eligibility_info "
        "content_category content_tags copyright copyright_check_information copyright_monitoring_status custom_labels "
        "embed_html embeddable event expiration format icon is_crosspost_video is_crossposting_eligible is_episode "
        "is_instagram_eligible is_reference_only length live_audience_count live_status music_video_copyright picture "
        "place post_id post_views premiere_living_room_status privacy published scheduled_publish_time source "
        "spherical status universal_video_id views"
    )
    EDGES: ClassVar[dict[str, Edge]] = {"comments": COMMENT_EDGE, "likes": Edge(params=frozenset({"summary"}))}

    def get_updated_time(self) -> str:
        """When it was published."""
        return graph_time(self.item.published_at)

    def get_permalink_url(self) -> str:
        """A path on the site, as the Graph gives it for videos."""
        return f"/reel/{self.id}/"


class LiveVideoNode(_VideoNode):
    """A live video, running or over. It has a `creation_time` and no `created_time`."""

    TYPE = "LiveVideo"
    DEFAULT = ("status", "id")
    KNOWN = names(
        "ad_break_config ad_break_failure_reason broadcast_start_time copyright dash_ingest_url dash_preview_url "
        "embed_html ingest_streams is_manual_mode is_reference_only live_views planned_start_time "
        "recommended_encoder_settings seconds_left secure_stream_url stream_url targeting total_views video"
    )
    get_created_time = None  # type: ignore[assignment]  # the one field of posts it does not have

    def get_creation_time(self) -> str:
        """When it was made."""
        return graph_time(self.item.published_at)

    def get_status(self) -> str:
        """All are over."""
        return "VOD"

    def get_permalink_url(self) -> str:
        """A path on the site, as the Graph gives it for videos."""
        return f"/{self.account.native_id}/videos/{self.id}/"


class PhotoNode(Commentable):
    """One photo of a post with several; it has comments of its own."""

    TYPE = "Photo"
    DEFAULT = ("created_time", "name", "id")
    KNOWN = names(
        "album alt_text alt_text_custom backdated_time backdated_time_granularity can_backdate can_delete can_tag "
        "event height icon images name_tags picture place position source target webp_images width"
    )
    EDGES: ClassVar[dict[str, Edge]] = {"comments": COMMENT_EDGE, "likes": Edge(params=frozenset({"summary"}))}
    get_message = None  # type: ignore[assignment]  # a photo has a name

    def get_name(self) -> str | None:
        """What is written under it."""
        return self.item.text_at(self.call.now) or None

    def get_updated_time(self) -> str:
        """When it was published."""
        return graph_time(self.item.published_at)

    def get_link(self) -> str:
        """The photo's address."""
        return f"https://www.facebook.com/photo.php?fbid={self.id}"

    def get_page_story_id(self) -> str | None:
        """The post it stands in."""
        return self.item.extra.get(PHOTO_OF)

    def list_likes(self, _params: Params) -> Listing:
        """Return nothing but a count of none."""
        return Listing([], summary={"total_count": 0, "can_like": True, "has_liked": False})


def attachments_of(photos: list[WorldItem]) -> list[Answer]:
    """Return what a post shows besides its text: nothing, or an album of photos."""
    if not photos:
        return []
    inner: list[Answer] = [{"type": "photo", "media_type": "photo", "target": {"id": p.id}} for p in photos]
    return [{"type": "album", "media_type": "album", "subattachments": {"data": inner}}]
