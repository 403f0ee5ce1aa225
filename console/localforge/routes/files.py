"""What git has: refs, commits, trees, files."""

import base64

from console.localforge import gitshapes, refs
from console.localforge.ask import Ask, Reply
from console.localforge.refusals import Refusal, no_object, not_found
from console.localforge.routes import Route
from panes.git import git

TREE_PAGE = 1000


def refs_below(ask: Ask) -> Reply:
    """All at once, by the beginning of their names: ``…/issue-1`` finds ``issue-10`` too."""
    found = refs.ref_list(ask.place.repo, ask.path.get("prefix", ""))
    if not found:
        raise not_found()
    return Reply(
        body=[
            {
                "ref": ref,
                "url": f"{ask.api}/git/{ref}",
                "object": {"type": kind, "sha": sha, "url": f"{ask.api}/git/{kind}s/{sha}"},
            }
            for ref, kind, sha in found
        ]
    )


def commit(ask: Ask) -> Reply:
    word = ask.path["sha"]
    if (sha := refs.commit(ask.place.repo, word)) is None:
        raise not_found(f"commit doesn't exist: {word}")
    it = refs.details(ask.place.repo, [sha])[0]
    return Reply(body=gitshapes.commit(ask, it, refs.changes(ask.place.repo, it.parents[0], sha) if it.parents else ()))


def commits(ask: Ask) -> Reply:
    repo, word = ask.place.repo, ask.query.get("sha") or ask.settings.trunk
    if not refs.branches(repo):
        raise Refusal(409, "Git Repository is empty.")
    if (sha := refs.commit(repo, word)) is None:
        raise not_found("not found", no_object(word))
    total = int(git(repo, "rev-list", "--count", sha).out)
    page = refs.commits(repo, f"--max-count={ask.limit}", f"--skip={ask.offset}", sha)
    verified, wants_files = (ask.query.get(name) != "false" for name in ("verification", "files"))
    changed = [(refs.changes(repo, it.parents[0], it.sha) if it.parents else ()) if wants_files else None for it in page]
    shown = [gitshapes.commit(ask, it, its, verified=verified) for it, its in zip(page, changed, strict=True)]
    return ask.listing(shown, total)


def compare(ask: Ask) -> Reply:
    base, dots, head = ask.path["span"].partition("...")
    repo = ask.place.repo
    old, new = refs.commit(repo, base), refs.commit(repo, head or ask.settings.trunk)
    if not dots or old is None or new is None:
        raise not_found()
    found = refs.commits(repo, f"{old}..{new}")
    changed = [refs.changes(repo, it.parents[0], it.sha) if it.parents else () for it in found]
    return Reply(
        body={"total_commits": len(found), "commits": [gitshapes.commit(ask, it, its) for it, its in zip(found, changed, strict=True)]}
    )


def tree(ask: Ask) -> Reply:
    """By a tree's id, a commit's, or a branch."""
    repo, word = ask.place.repo, ask.path["sha"]
    if (sha := refs.object_of(repo, word)) is None:
        raise Refusal(400, f"sha not found [{word}]")
    found = refs.entries(repo, sha, recursive=ask.query.get("recursive") in ("true", "1"))
    size = int(ask.query["per_page"]) if ask.query.get("per_page", "").isdecimal() else TREE_PAGE
    page = found[(ask.page - 1) * size : ask.page * size]
    shown = [
        {
            "path": it.path,
            "mode": it.mode,
            "type": it.kind,
            "size": it.size,
            "sha": it.sha,
            "url": f"{ask.api}/git/{it.kind}s/{it.sha}",
        }
        for it in page
    ]
    body = {
        "sha": sha,
        "url": f"{ask.api}/git/trees/{sha}",
        "tree": shown or None,
        "truncated": ask.page * size < len(found),
        "page": ask.page,
        "total_count": len(found),
    }
    return Reply(body=body, headers={"X-Total-Count": str(len(found))})


def contents(ask: Ask) -> Reply:
    """One file, in base64."""
    repo, path, word = ask.place.repo, ask.path.get("path", ""), ask.query.get("ref") or ask.settings.trunk
    if (sha := refs.commit(repo, word)) is None:
        raise not_found("not found", no_object(word))
    entry = _file(ask, sha, path)
    last = refs.commits(repo, "--max-count=1", sha, "--", path)[0]
    here, blob, page = f"{ask.api}/contents/{path}?ref={word}", f"{ask.api}/git/blobs/{entry.sha}", f"{ask.here}/src/branch/{word}/{path}"
    return Reply(
        body={
            "name": path.rpartition("/")[2],
            "path": path,
            "sha": entry.sha,
            "last_commit_sha": last.sha,
            "last_committer_date": last.committer.at,
            "last_author_date": last.author.at,
            "type": "file",
            "size": entry.size,
            "encoding": "base64",
            "content": base64.b64encode(_text(ask, sha, path).encode("utf-8", "surrogateescape")).decode(),
            "target": None,
            "url": here,
            "html_url": page,
            "git_url": blob,
            "download_url": f"{ask.here}/raw/branch/{word}/{path}",
            "submodule_git_url": None,
            "_links": {"self": here, "git": blob, "html": page},
        }
    )


def raw(ask: Ask) -> Reply:
    path, word = ask.path["path"], ask.query.get("ref") or ask.settings.trunk
    if (sha := refs.commit(ask.place.repo, word)) is None:
        raise not_found("not found", no_object(word))
    return Reply(text=_text(ask, sha, _file(ask, sha, path).path))


def _file(ask: Ask, sha: str, path: str) -> refs.Entry:
    entry = next((it for it in refs.entries(ask.place.repo, sha, recursive=True) if it.path == path and it.kind == "blob"), None)
    if entry is None:
        raise not_found("not found", f"object does not exist [id: , rel_path: {path}]")
    return entry


def _text(ask: Ask, sha: str, path: str) -> str:
    return git(ask.place.repo, "cat-file", "blob", f"{sha}:{path}").out


ROUTES: tuple[Route, ...] = (
    ("GET", "/git/refs", refs_below),
    ("GET", "/git/refs/{prefix:path}", refs_below),
    ("GET", "/git/commits/{sha}", commit),
    ("GET", "/git/trees/{sha}", tree),
    ("GET", "/commits", commits),
    ("GET", "/compare/{span:path}", compare),
    ("GET", "/contents", contents),
    ("GET", "/contents/{path:path}", contents),
    ("GET", "/raw/{path:path}", raw),
)
