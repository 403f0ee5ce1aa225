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
