"""A forge in a folder: Gitea's v1 API over SQLite and a bare repository, in-process, with nothing to install or to serve."""
