"""What the folder's own commands can refuse; ``str()`` is one sentence for the operator."""


class LocalForgeError(Exception):
    """The forge in a folder did not do it, and nothing has changed."""


class NotFounded(LocalForgeError):
    """There is no forge in this folder, or one of another repository."""


class NoSuchCommit(LocalForgeError):
    """The checkout has no such branch or commit."""


class NotFastForward(LocalForgeError):
    """The trunk has commits that the offered one does not descend from: bring them in first."""
