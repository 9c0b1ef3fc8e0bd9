"""The release gates: the failure rate that each test, and the mean over tests, may have at most."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from feedback_nlp.errors import InputError

__all__ = ["Limits", "load_limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Highest failure rates, in [0, 1].

    Parameters
    ----------
    mean : float
        For the mean over all tests.
    default : float
        For a test that has none of its own.
    tests : mapping of str to float
        Limits by the test's name.
    """

    mean: float
    default: float
    tests: Mapping[str, float]

    def of(self, test: str) -> float:
        """Return the limit of a test."""
        return self.tests.get(test, self.default)


def load_limits() -> Limits:
    """Read `limits.toml` of the package.

    Raises
    ------
    InputError
        A limit lies outside [0, 1].

    Examples
    --------
    >>> 0 <= load_limits().default <= 1
    True
    """
    content = tomllib.loads(
        files("feedback_nlp.behaviour").joinpath("limits.toml").read_text(encoding="utf-8")
    )
    limits = Limits(mean=content["mean"], default=content["default"], tests=content.get("tests", {}))
    for name, limit in {"mean": limits.mean, "default": limits.default, **limits.tests}.items():
        if not 0 <= limit <= 1:
            raise InputError(
                f"limits.toml: {name} is {limit}.", remedy="A limit is a failure rate from 0 to 1."
            )
    return limits
