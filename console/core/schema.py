"""The version of every JSON object that leaves us."""

SCHEMA = 1
