"""The repository, who works on it, and its branches."""

from dataclasses import fields

from console.localforge import accounts, features, gitshapes, refs, shapes
from console.localforge.ask import NULL, Ask, Reply
from console.localforge.refusals import Refusal, not_admin, not_found, read_only
from console.localforge.routes import Route
from console.localforge.rows import Repository, Role
from console.localforge.store import transaction
from panes.git import ZERO, GitFailed, git

FLAGS = tuple(field.name for field in fields(Repository) if isinstance(field.default, bool))
OF_PULLS = tuple(
    name for name in FLAGS if name.startswith(("allow_", "autodetect_", "default_"))
)  # only with has_pull_requests, as on Gitea
PERMISSIONS: dict[Role, str] = {"owner": "owner", "write": "write", "read": "read", "none": "none"}


def repository(ask: Ask) -> Reply:
    return Reply(body=shapes.repository(ask))


def edit(ask: Ask) -> Reply:
    """What is not kept here, and nonsense, is taken without a word, as on Gitea: read it back. The trunk is as it was founded."""
    ask.admin(not_admin())
    heeded = [name for name in FLAGS if name not in OF_PULLS or ask.flag("has_pull_requests")]
    wanted: dict[str, object] = {name: said for name in heeded if (said := ask.flag(name)) is not None}
    if (description := ask.text("description")) is not None:
        wanted["description"] = description
    if ask.flag("has_pull_requests") and (style := ask.text("default_merge_style")):
        wanted["default_merge_style"] = style
    if (name := ask.text("name")) and name != ask.repository.name:
        wanted |= {"name": name, "former": [*ask.repository.former, ask.repository.name]}
    with transaction(ask.place) as db:
        features.change(db, wanted)
        now = features.repository(db, ask.settings)
    return Reply(body=shapes.repository(ask.of(now)))


def is_collaborator(ask: Ask) -> Reply:
    with transaction(ask.place) as db:
        account = accounts.known(db, ask.path["login"])
    if account is None or account.role == "none":
        raise not_found()
    return Reply(status=204)


def permission(ask: Ask) -> Reply:
    login = ask.path["login"]
    if login != ask.account.login:
        said = "Only admins can query all permissions, repo admins can query all repo permissions, collaborators can query only their own"
        ask.admin(Refusal(403, said))
    with transaction(ask.place) as db:
        account = accounts.known(db, login)
    if account is None:
        raise not_found()
    word = PERMISSIONS[account.role]
    return Reply(body={"permission": word, "role_name": word, "user": shapes.user(ask, account.login)})


def branches(ask: Ask) -> Reply:
    there = sorted(refs.branches(ask.place.repo).items())
    if not there:
        return Reply(body=NULL, headers={"X-Total-Count": "0"})
    page = there[ask.offset : ask.offset + ask.limit]
    commits = refs.details(ask.place.repo, [commit for _, commit in page])
    with transaction(ask.place) as db:
        shown = [gitshapes.branch(ask, name, it, features.protecting(db, name)) for (name, _), it in zip(page, commits, strict=True)]
    return ask.listing(shown, len(there))


def branch(ask: Ask) -> Reply:
    return _branch(ask, ask.path["branch"], 200)


def _branch(ask: Ask, name: str, status: int) -> Reply:
    if (commit := refs.branch(ask.place.repo, name)) is None:
        raise not_found()
    with transaction(ask.place) as db:
        rule = features.protecting(db, name)
    return Reply(status=status, body=gitshapes.branch(ask, name, refs.details(ask.place.repo, [commit])[0], rule))


def create_branch(ask: Ask) -> Reply:
    """Of two at once one is refused with 500, as on Gitea."""
    ask.writer(read_only())
    ask.not_archived()
    name, there = ask.needed("new_branch_name"), refs.branches(ask.place.repo)
    if not there:
        raise Refusal(404, "Git Repository is empty.")
    if git(ask.place.repo, "check-ref-format", "--branch", name, ok=(0, 1, 128)).code:
        raise Refusal(422, "[BranchName]: GitRefName")
    if name in there:
        raise Refusal(409, "The branch already exists.")
    if any(other.startswith(f"{name}/") or name.startswith(f"{other}/") for other in there):
        raise Refusal(409, "The branch with the same name already exists.")
    old = ask.text("old_ref_name") or ask.text("old_branch_name") or ask.settings.trunk
    if (commit := refs.commit(ask.place.repo, old)) is None:
        raise Refusal(500, f"object does not exist [id: {old}, rel_path: ]")
    try:
        git(ask.place.repo, "update-ref", f"refs/heads/{name}", commit, ZERO)
    except GitFailed as taken:
        raise Refusal(500, taken.said) from taken
    return _branch(ask, name, 201)


def drop_branch(ask: Ask) -> Reply:
    """One that is gone is fine, as on Gitea."""
    ask.writer(read_only())
    ask.not_archived()
    name = ask.path["branch"]
    if name == ask.settings.trunk:
        raise Refusal(403, "can not delete default branch")
    with transaction(ask.place) as db:
        if features.protecting(db, name):
            raise Refusal(403, "branch protected")
    git(ask.place.repo, "update-ref", "--no-deref", "-d", f"refs/heads/{name}")
    return Reply(status=204)


ROUTES: tuple[Route, ...] = (
    ("GET", "", repository),
    ("PATCH", "", edit),
    ("GET", "/collaborators/{login}", is_collaborator),
    ("GET", "/collaborators/{login}/permission", permission),
    ("GET", "/branches", branches),
    ("POST", "/branches", create_branch),
    ("GET", "/branches/{branch:path}", branch),
    ("DELETE", "/branches/{branch:path}", drop_branch),
)
