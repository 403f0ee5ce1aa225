"""Gitea and Forgejo, and the forge in a folder that speaks like them: the Forge protocol over their v1 API."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import httpx

from console.core.facts import Comment, CommitStatus, Issue, Oid, Pull
from console.core.phrases import CONTEXT
from console.forge import Changes, merging, shapes
from console.forge.answers import decoded
from console.forge.errors import ForgeError, ForgeGone, Missing, Moved, NotYet, Refused
from console.forge.merging import Means
from console.forge.probe import Branch
from console.forge.rest import Rest
from console.forge.shapes import Created, GiteaComment, GiteaIssue, GiteaPull, Label, Named, Repository, Status, User

MERGE_S = 600.0  # a client that hangs up cancels a merge wherever it is, so it is given minutes
OVERLAP = timedelta(seconds=2)  # times are whole seconds, and written before they can be seen
EPOCH = datetime.fromtimestamp(0, UTC)
COLOUR = "#7f8c8d"  # of labels we make


class Gitea:
    """One repository. ``client``: base address (without ``/api/v1``), credentials and transport; whoever made it closes it."""

    def __init__(self, client: httpx.AsyncClient, owner: str, name: str) -> None:
        self._rest = Rest(client, owner, name)
        self._me: str | None = None

    async def changed(self, since: str | None) -> Changes:
        begin = datetime.fromisoformat(since) if since else None
        after = begin - OVERLAP if begin else None
        issues, pulls = await self._issues(after), await self._pulls(after)
        times = [it.updated_at for it in issues] + [it.updated_at for it in pulls]
        return Changes(
            issues=tuple(sorted(map(shapes.issue, issues), key=lambda it: it.number)),
            pulls=tuple(sorted(map(shapes.pull, pulls), key=lambda it: it.number)),
            cursor=max([*times, begin or EPOCH]).astimezone(UTC).isoformat(),
        )

    async def issue(self, n: int) -> Issue:
        return shapes.issue(await self._rest.read(f"/issues/{n}", GiteaIssue))

    async def pull(self, n: int) -> Pull:
        return shapes.pull(await self._rest.read(f"/pulls/{n}", GiteaPull))

    async def comments(self, issue: int) -> tuple[Comment, ...]:
        return tuple(shapes.comment(it) for it in await self._comments(issue))

    async def file(self, title: str, body: str, labels: Sequence[str]) -> int:
        sent = {"title": title, "body": body, "labels": await self._label_ids(labels)}
        return decoded(await self._rest.write("POST", "/issues", sent), Created).number

    async def label(self, n: int, add: Sequence[str], remove: Sequence[str]) -> None:
        if add:
            ids = await self._label_ids(add)
            there = decoded(await self._rest.write("POST", f"/issues/{n}/labels", {"labels": ids}), list[Label])
            if missing := set(add) - {label.name for label in there}:  # unknown ids are ignored without a word
                raise Refused(f"the forge did not take {', '.join(sorted(missing))} as labels of #{n}", 200)
        if remove:
            for label in await self._rest.read(f"/issues/{n}/labels", list[Label]):
                if label.name in remove:
                    await self._rest.write("DELETE", f"/issues/{n}/labels/{label.id}", None)

    async def close(self, n: int) -> None:
        try:
            await self._rest.write("PATCH", f"/issues/{n}", {"state": "closed"})
        except Refused as no:
            # A merged pull is closed and says 412; so does an issue that others depend on, and that one is still open.
            if no.status != 412 or (await self.issue(n)).state == "open":
                raise

    async def say(self, issue: int, marker: str, text: str) -> None:
        mark = f"<!-- ops-console:{marker} -->"
        body = f"{mark}\n{text}"
        me = await self._myself()
        ours = [it for it in await self._comments(issue) if it.user and it.user.login == me and it.body.startswith(mark)]
        if not ours:
            await self._rest.write("POST", f"/issues/{issue}/comments", {"body": body})
        elif ours[0].body != body:  # writing the same again would only make the issue look changed
            await self._rest.write("PATCH", f"/issues/comments/{ours[0].id}", {"body": body})

    async def propose(self, head: str, base: str, title: str, body: str) -> int:
        sent = {"head": head, "base": base, "title": title, "body": body}
        try:
            return decoded(await self._rest.write("POST", "/pulls", sent), Created).number
        except Refused as no:
            if no.status != 409:
                raise
            # Despite its name it is the pull's number.
            if named := re.search(r"\bissue_id: (\d+)", str(no)):
                return int(named[1])
            there = await self._rest.read(f"/pulls/{quote(base, safe='')}/{quote(head, safe='')}", GiteaPull)
            if there.state != "open":
                raise
            return there.number

    async def required(self, branch: str) -> tuple[str, ...]:
        try:
            it = await self._rest.read(f"/branches/{quote(branch, safe='')}", Branch)
        except Missing:  # nothing was pushed yet
            return ()
        if not it.enable_status_check:
            return ()
        globs = tuple(map(shapes.line, it.status_check_contexts or ["*"]))  # none named: whatever is posted
        return tuple(glob for glob in globs if glob != CONTEXT)

    async def statuses(self, head: Oid) -> Mapping[str, CommitStatus]:
        # The list of all, not the combined one, whose state and count are those of a single page.
        found = await self._rest.everything(f"/commits/{head}/statuses", list[Status], lambda it: it.id, {})
        latest = sorted(found, key=lambda it: it.id)
        return {shapes.line(it.context): shapes.status(it) for it in latest}

    async def bless(self, head: Oid, context: str, state: str, description: str) -> None:
        await self._rest.write("POST", f"/statuses/{head}", {"state": state, "context": context, "description": description})

    async def merge(self, n: int, head: Oid, title: str, message: str) -> None:
        sent = {
            "Do": "squash",
            "head_commit_id": head,
            "MergeTitleField": title,
            "MergeMessageField": message,
            "delete_branch_after_merge": True,
        }
        answer = await self._rest.answer("POST", f"/pulls/{n}/merge", sent, answer_s=MERGE_S)
        means = merging.found(answer).means
        if means is Means.AGAIN:
            with suppress(ForgeError):
                await self.pull(n)  # Gitea puts a check off until somebody looks
        if means is Means.BROKE:
            await self._look_after(n)
        if means is not Means.LANDED:
            raise merging.refusal(answer)

    async def _look_after(self, n: int) -> None:
        """What came of a merge that broke off with 500; the reason is told to admins alone. It is over, so it is never unknown."""
        try:
            if (await self.pull(n)).merged:
                raise Moved("it is merged, though the forge failed afterwards")
            waits_for = [it.number for it in await self._dependencies(n) if it.state == "open"]
        except ForgeGone as gone:
            raise NotYet(f"the forge failed to merge it and cannot be asked why ({gone})") from gone
        if waits_for:
            on = ", ".join(f"#{number}" for number in waits_for)
            raise Refused(f"on the forge it depends on {on}, which is open", 500, f"close that, or take the dependency off pull {n}")

    async def _dependencies(self, n: int) -> list[Named]:
        try:
            return await self._rest.read(f"/issues/{n}/dependencies", list[Named])
        except Missing:  # the forge has them switched off
            return []

    async def _issues(self, after: datetime | None) -> list[GiteaIssue]:
        params: dict[str, str | int] = {"state": "all", "type": "issues"}
        if after is not None:
            params["since"] = after.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return await self._rest.everything("/issues", list[GiteaIssue], lambda it: it.number, params)

    async def _pulls(self, after: datetime | None) -> list[GiteaPull]:
        """This list knows no ``since``: read from the last changed on, until one is older. All of it, in an order that stands still."""
        params = {"state": "all", "sort": "recentupdate" if after else "oldest"}
        enough = (lambda it: it.updated_at < after) if after else (lambda _: False)
        try:
            return await self._rest.everything("/pulls", list[GiteaPull], lambda it: it.number, params, enough)
        except Missing:
            if (await self._rest.read("", Repository)).empty:  # until its first push a repository has no list of pulls
                return []
            raise

    async def _comments(self, issue: int) -> list[GiteaComment]:
        return await self._rest.everything(f"/issues/{issue}/comments", list[GiteaComment], lambda it: it.id, {})

    async def _label_ids(self, names: Sequence[str]) -> list[int]:
        """One id a name. The list is read first: a label made again would be a second one of that name."""
        there = await self._rest.everything("/labels", list[Label], lambda it: it.id, {}) if names else []
        ids: dict[str, int] = {}
        for label in there:
            ids.setdefault(label.name, label.id)
        for name in names:
            if name not in ids:
                made = decoded(await self._rest.write("POST", "/labels", {"name": name, "color": COLOUR}), Label)
                ids[name] = made.id
        return [ids[name] for name in dict.fromkeys(names)]

    async def _myself(self) -> str:
        if self._me is None:
            self._me = (await self._rest.read("/api/v1/user", User, top=True)).login
        return self._me
