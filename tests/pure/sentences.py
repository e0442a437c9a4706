"""What tests of bad input share: the sentences that it gets, and what a sentence is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def listed(found: Mapping[str, Iterable[str]]) -> str:
    """Sentences by case, as the golden files have them."""
    return "".join(f"{name}:\n" + "".join(f"  {problem}\n" for problem in problems) for name, problems in found.items())


def is_sentence(problem: str) -> bool:
    """One line that ends as a sentence does. It may begin with a word of the user's, as that is spelt."""
    return problem.endswith((".", "?")) and "\n" not in problem
