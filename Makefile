# Two commands on a fresh machine: `make demo` and `make test`. Each does all the set-up it needs.
# Paths are relative, and targets phony: the checkout may stand in a folder with spaces.
.PHONY: setup demo test check bench soak

# What a caller's shell may leak: other people's modules and other people's repositories.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV $(filter GIT_%,$(.VARIABLES))

# -P: a module of ours is never taken from the folder one happens to stand in.
python := .venv/bin/python -P

setup:
	@sh scripts/setup

demo: setup
	@.venv/bin/ops-console demo

test: setup
	$(python) -m pytest -q -n logical

soak: setup
	$(python) -m pytest -q -m soak

check: setup
	$(python) -m ruff format --check .
	$(python) -m ruff check .
	$(python) -m mypy

bench: setup
	@.venv/bin/python -m bench
