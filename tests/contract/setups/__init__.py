"""What each case stands on, written by hand: before its first question, and between two of them."""

from tests.contract.setups import issues, landing, pulls, refs, repo, reviews
from tests.contract.setups.registry import BEFORE, FACTS, SETUP

__all__ = ["BEFORE", "FACTS", "SETUP", "issues", "landing", "pulls", "refs", "repo", "reviews"]
