"""Requests made from the API's own description, legal ones and others: answers are as described, and never 5xx."""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api import create_app
from feedback_nlp.store import Store
from tests.fake_analyzer import QUIET, FakeAnalyzer

#: Not among them: that every illegal body is refused. One bad document of a batch never fails the others.
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


OFTEN = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_answers_are_as_described_and_never_5xx(mode: GenerationMode, tmp_path: Path) -> None:
    asked: Counter[str] = Counter()
    with Store.open(data_dir=tmp_path) as store:
        app = create_app(replace(QUIET, store=True, data_dir=tmp_path), FakeAnalyzer(), store)
        schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
        operations = [found.ok() for found in schema.get_all_operations()]
        for operation in operations:

            @OFTEN
            @given(case=operation.as_strategy(generation_mode=mode))
            def ask(case: schemathesis.Case) -> None:
                asked[f"{case.method} {case.path}"] += 1
                case.call_and_validate(checks=CHECKS)

            with contextlib.suppress(Unsatisfiable):  # nothing about such a route can be wrong
                ask()
    takes_something = {
        name_of(operation) for operation in operations if operation.body or list(operation.iter_parameters())
    }
    assert len(takes_something) >= 20
    every = {name_of(operation) for operation in operations}
    assert asked.keys() >= (every if mode is GenerationMode.POSITIVE else takes_something)


def name_of(operation: schemathesis.schemas.APIOperation) -> str:
    return f"{operation.method.upper()} {operation.path}"
