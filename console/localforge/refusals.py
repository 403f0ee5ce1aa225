"""Every no of the forge, in Gitea's words."""

from collections.abc import Mapping


class Refusal(Exception):
    """The answer is no: HTTP status and message, None for an answer without a body.

    ``more``: what the body has beside the message; ``body``: all of it instead. What a 500 says only the owner is told.
    """

    def __init__(self, status: int, message: str | None, more: Mapping[str, object] | None = None, body: object = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.more = more or {}
        self.body = body


def not_found(message: str = "not found", *errors: str) -> Refusal:
    return Refusal(404, message, {"errors": list(errors) or None})


def no_user(login: str) -> str:
    return f"user does not exist [uid: 0, name: {login}]"


def no_pull(number: int) -> Refusal:
    return not_found("GetPullRequestByIndex", _NO_PULL)


_NO_PULL = "pull request does not exist [id: 0, issue_id: 0, head_repo_id: 0, base_repo_id: 1, head_branch: , base_branch: ]"


def no_pull_of_commit() -> Refusal:
    return Refusal(404, _NO_PULL)


def no_object(word: str) -> str:
    return f"object does not exist [id: {word}, rel_path: ]"


def no_comment(number: int) -> Refusal:
    return not_found("not found", f"comment does not exist [id: {number}, issue_id: 0]")


def no_assignee(login: str) -> Refusal:
    return Refusal(422, f"Assignee does not exist: [name: {no_user(login)}]")


def no_token() -> Refusal:
    return Refusal(401, "token is required")


def no_scope(needed: str, has: str) -> Refusal:
    return Refusal(403, f"token does not have at least one of required scope(s), required=[{needed}], token scope={has}")


def silent() -> Refusal:
    """Somebody else's, and who asks may only read."""
    return Refusal(403, None)


def read_only() -> Refusal:
    return Refusal(403, "user should have a permission to write to a repo")


def no_labelling() -> Refusal:
    return Refusal(403, "write permission is required")


def not_admin() -> Refusal:
    return Refusal(403, "user should be an owner or a collaborator with admin write of a repository")


def archived(owner: str, name: str) -> Refusal:
    return Refusal(423, f"{owner}/{name} is archived")


def required(field: str) -> Refusal:
    return Refusal(422, f"[{field}]: Required")


def not_of_type(said: str, field: str, wanted: str) -> Refusal:
    return Refusal(422, f"[]: json: cannot unmarshal {said} into Go struct field {field} of type {wanted}")


def open_dependencies() -> Refusal:
    return Refusal(412, "cannot close this issue or pull request because it still has open dependencies")


def no_merger() -> Refusal:
    return Refusal(405, "User not allowed to merge PR")


def later() -> Refusal:
    """The forge is still looking at the pull, or has seen a conflict."""
    return Refusal(405, "Please try again later")


def style(name: str) -> Refusal:
    return Refusal(405, f"{name} is not allowed an allowed merge style for this repository")
