"""The forge's rows: one SQLite file in WAL mode, a connection a transaction, so that threads and processes may share the folder."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

from console.localforge.errors import NotFounded

BUSY_S = 60.0  # how long a transaction waits for the others

SCHEMA = """
CREATE TABLE IF NOT EXISTS setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS issue (
    number  INTEGER PRIMARY KEY,  -- issues and pulls share the numbers
    title   TEXT NOT NULL,
    body    TEXT NOT NULL,
    author  TEXT NOT NULL DEFAULT 'you',
    state   TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    closed  INTEGER,
    locked  INTEGER NOT NULL DEFAULT 0  -- only who may write may comment
);
CREATE TABLE IF NOT EXISTS assignee (
    issue INTEGER NOT NULL REFERENCES issue,
    login TEXT NOT NULL,
    PRIMARY KEY (issue, login)
);
CREATE TABLE IF NOT EXISTS dependency (
    issue INTEGER NOT NULL REFERENCES issue,
    needs INTEGER NOT NULL REFERENCES issue,  -- may be the issue itself, as on Gitea
    PRIMARY KEY (issue, needs)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pull (
    number       INTEGER PRIMARY KEY REFERENCES issue,
    head_branch  TEXT NOT NULL,
    head         TEXT NOT NULL,               -- the branch's commit when last looked at; frozen once closed
    base_branch  TEXT NOT NULL,
    landing      TEXT,                        -- the squash commit, written before the trunk moves
    landing_head TEXT,                        -- what it squashes
    landing_drop INTEGER NOT NULL DEFAULT 0,  -- whether its branch goes with it
    landing_by   TEXT NOT NULL DEFAULT 'you',
    merged       INTEGER                      -- when; null: it is not
);
CREATE INDEX IF NOT EXISTS pull_head ON pull (head_branch);
CREATE TABLE IF NOT EXISTS comment (
    id      INTEGER PRIMARY KEY,
    issue   INTEGER NOT NULL REFERENCES issue,
    body    TEXT NOT NULL,
    author  TEXT NOT NULL DEFAULT 'you',
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS comment_issue ON comment (issue);
CREATE TABLE IF NOT EXISTS label (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL,  -- not unique: Gitea takes a name twice
    color       TEXT NOT NULL,
    description TEXT NOT NULL,
    exclusive   INTEGER NOT NULL DEFAULT 0  -- of the labels with the same name up to the last slash an issue has one at most
);
CREATE TABLE IF NOT EXISTS issue_label (
    issue INTEGER NOT NULL REFERENCES issue,
    label INTEGER NOT NULL REFERENCES label,
    PRIMARY KEY (issue, label)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS status (
    id          INTEGER PRIMARY KEY,
    sha         TEXT NOT NULL,
    context     TEXT NOT NULL,
    state       TEXT NOT NULL,
    description TEXT NOT NULL,
    target_url  TEXT NOT NULL,
    author      TEXT NOT NULL DEFAULT 'you',
    created     INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS status_sha ON status (sha, context);
CREATE TABLE IF NOT EXISTS account (
    login TEXT PRIMARY KEY COLLATE NOCASE,
    role  TEXT NOT NULL CHECK (role IN ('owner', 'write', 'read', 'none'))
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS token (
    sha256 TEXT PRIMARY KEY,                        -- of the token; itself it is nowhere
    login  TEXT NOT NULL COLLATE NOCASE REFERENCES account,
    scopes TEXT NOT NULL                            -- comma-separated
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS feature (  -- what was set of the repository
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL  -- JSON
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rule (
    priority INTEGER PRIMARY KEY,
    name     TEXT NOT NULL UNIQUE,  -- of a branch, or a glob
    said     TEXT NOT NULL,         -- the rest, as JSON
    created  INTEGER NOT NULL,
    updated  INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS review (
    id        INTEGER PRIMARY KEY,
    pull      INTEGER NOT NULL REFERENCES pull,
    author    TEXT NOT NULL,
    state     TEXT NOT NULL,
    body      TEXT NOT NULL,
    sha       TEXT NOT NULL,
    official  INTEGER NOT NULL,
    dismissed INTEGER NOT NULL DEFAULT 0,
    stale     INTEGER NOT NULL DEFAULT 0,
    submitted INTEGER NOT NULL,
    updated   INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS review_pull ON review (pull);
CREATE TABLE IF NOT EXISTS remark (  -- a review's comment on a line
    id      INTEGER PRIMARY KEY,
    review  INTEGER NOT NULL REFERENCES review ON DELETE CASCADE,
    path    TEXT NOT NULL,
    body    TEXT NOT NULL,
    new     INTEGER NOT NULL,  -- the line in the new file, 0 for none
    old     INTEGER NOT NULL,
    created INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS checking (  -- only where looking at a pull takes time
    pull      INTEGER PRIMARY KEY REFERENCES pull,
    base      TEXT,             -- what the last look was at, with head; null: there was none
    head      TEXT,
    seen_base TEXT NOT NULL,    -- where the branches were when last compared
    seen_head TEXT NOT NULL,
    starts    REAL,             -- of the look under way or to come, on the forge's clock; null: none
    ends      REAL
);
"""

# Columns that forges made before lack. What is in one made before there were accounts is the operator's.
LATER = (
    *(
        (table, column, "TEXT NOT NULL DEFAULT 'you'")
        for table, column in (("issue", "author"), ("comment", "author"), ("status", "author"))
    ),
    ("pull", "landing_by", "TEXT NOT NULL DEFAULT 'you'"),
    ("issue", "locked", "INTEGER NOT NULL DEFAULT 0"),
    ("label", "exclusive", "INTEGER NOT NULL DEFAULT 0"),
)


@dataclass(frozen=True, slots=True)
class Pace:
    """How the forge tells the time, and how many seconds it takes to look at a pull again whose head or base has moved."""

    clock: Callable[[], float]
    settling: float


INSTANT = Pace(time.time, 0.0)


@dataclass(frozen=True, slots=True)
class Place:
    """A forge's folder and what is in it."""

    folder: Path
    pace: Pace = INSTANT

    @property
    def repo(self) -> Path:
        return self.folder / "repo.git"

    @property
    def database(self) -> Path:
        return self.folder / "forge.db"

    @property
    def founding_lock(self) -> Path:
        return self.folder / "founding.lock"

    @property
    def merge_lock(self) -> Path:
        return self.folder / "merge.lock"


@dataclass(frozen=True, slots=True)
class Settings:
    """Which repository the folder is for. ``required``: the status a head must have to be merged."""

    owner: str
    name: str
    trunk: str
    required: str


def now() -> int:
    """Seconds since the epoch. Asked inside the transaction, so that times never run backwards from one to the next."""
    return int(time.time())


def make_tables(place: Place) -> None:
    """Makes the database, or what is missing of it; under the founding lock, because WAL mode cannot be set by two at once."""
    with closing(sqlite3.connect(place.database, timeout=BUSY_S, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(SCHEMA)
        for table, column, kind in LATER:
            if column not in {row[1] for row in db.execute(f"PRAGMA table_info({table})")}:
                db.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")


@contextmanager
def transaction(place: Place) -> Iterator[sqlite3.Connection]:
    """One transaction, committed at the end and rolled back on an error. Rows are ``sqlite3.Row``. Raises NotFounded.

    Always IMMEDIATE: one that reads first and locks at its first write loses what others wrote in between.
    """
    if not place.database.exists():
        raise NotFounded(f"there is no local forge in {place.folder}")
    with closing(sqlite3.connect(place.database, timeout=BUSY_S, isolation_level=None)) as db:
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")


def write_settings(place: Place, wanted: Settings) -> None:
    """Says whose folder it is, once; what is there stays."""
    with transaction(place) as db:
        values = [(field.name, getattr(wanted, field.name)) for field in fields(Settings)]
        db.executemany("INSERT OR IGNORE INTO setting (key, value) VALUES (?, ?)", values)


def settings(place: Place) -> Settings | None:
    """The repository this folder is for; None while it is not founded to the end."""
    with transaction(place) as db:
        values = {row["key"]: row["value"] for row in db.execute("SELECT key, value FROM setting")}
    return Settings(**values) if values else None
