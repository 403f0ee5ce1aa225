"""What a forge can answer that is not an answer; the type says what to do next."""


class ForgeError(Exception):
    """Whatever a forge did not do. ``str()`` is a sentence for the operator, without secrets: ``why``, then the ``remedy`` if known."""

    def __init__(self, why: str, remedy: str = "") -> None:
        super().__init__(f"{why}: {remedy}" if remedy else why)
        self.why = why
        self.remedy = remedy


class ForgeGone(ForgeError):
    """It does not answer, or not sensibly (refused connection, time-out, 5xx, a page of HTML): later.

    ``sent`` tells whether the request may have arrived: then its effect is unknown.
    """

    def __init__(self, why: str, sent: bool) -> None:
        super().__init__(why)
        self.sent = sent


class NotYet(ForgeError):
    """It cannot do it at this moment (mergeability still being computed, busy): soon."""


class Moved(ForgeError):
    """The world is not as the request said (head moved, base moved, gone): look again."""


class Refused(ForgeError):
    """It said no, in its own words. ``status`` is the HTTP status."""

    def __init__(self, why: str, status: int, remedy: str = "") -> None:
        super().__init__(why, remedy)
        self.status = status


class Missing(Refused):
    """There is no such thing (404): that one thing is absent, or not ours to see."""
