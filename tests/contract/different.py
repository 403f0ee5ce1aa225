"""The records that the local forge does not answer as Gitea did, each with the reason. One that agrees has no business here."""

NOBODY_ASKS = "nobody asks the local forge for it: the console does not, and what it keeps is in issues, comments and git"
NO_PASSWORDS = "there are no passwords: `ops-console forge token` makes the tokens"
ONE_REPOSITORY = "a folder is the forge of one repository"

DIFFERENT: dict[str, dict[int, str]] = {
    "version": {6: NOBODY_ASKS, 7: "what only Forgejo has"},
    "user": {12: "a token in an address ends in logs: it is not taken there"},
    "scopes": {
        10: NOBODY_ASKS,
        11: NOBODY_ASKS,
        12: NOBODY_ASKS,
        13: NOBODY_ASKS,
        14: ONE_REPOSITORY,
        15: "a token's scopes hold for git too, however it is sent; Gitea forgets them in a header",
        16: "a token's scopes hold for git too, however it is sent; Gitea forgets them in a header",
    },
    "token-create": {**dict.fromkeys(range(3, 7), NO_PASSWORDS), 7: NO_PASSWORDS},
    "issues": {21: NOBODY_ASKS},
    "comments": {18: NOBODY_ASKS},
    "merge-success": {15: NOBODY_ASKS},
    "reviews": {22: NOBODY_ASKS},
    "dependencies": {17: ONE_REPOSITORY, 18: ONE_REPOSITORY},
}

TIMING = "whether the server is still looking at the pull cannot be made to happen"
ELSEWHERE = "it is about the whole server, which others use too"

# Of a live server these may differ, or cannot be brought about.
LIVE: dict[str, dict[int, str]] = {
    "version": {6: ELSEWHERE, 7: "what only Forgejo has"},
    "scopes": {10: "whom it notifies, and when, is its own affair", 13: ELSEWHERE, 14: ELSEWHERE},
    "token-create": {7: "an account that must change its password is not made"},
    "dependencies": {17: "the other repository is not made", 18: "the other repository is not made"},
    "pulls-get": dict.fromkeys((1, 2, 3, 4, 5, 8), TIMING),
    "pulls-edit": dict.fromkeys((11, 16, 17), TIMING),
    "update": dict.fromkeys((5, 7), TIMING),
    "landing-cycle": dict.fromkeys((2, *range(6, 15)), TIMING),
    "merge-refused": dict.fromkeys((11, 12, 25, 29), TIMING),
    "merge-conflict-no-protection": {2: TIMING},
    "conflict-at-merge": dict.fromkeys((1, 2, 5, 6), TIMING),
    "merge-delete-branch": {14: TIMING},
    "merge-odd": {20: TIMING},
    "branches": {20: TIMING},
}
