from __future__ import annotations

import numpy as np

from feedback_nlp.growing import GrowingArray


def test_rows_survive_growth_and_cuts() -> None:
    rows = GrowingArray(np.float32, 2)
    rows.extend([(number, -number) for number in range(3_000)])
    rows.extend(np.zeros((0, 2)))
    before = rows.view
    rows.extend([(7.5, 8.5)])
    assert len(rows) == 3_001
    assert rows.view.dtype == np.float32
    assert rows.view[[0, 2_999, 3_000]].tolist() == [[0, 0], [2_999, -2_999], [7.5, 8.5]]
    assert len(before) == 3_000
    rows.cut(2)
    rows.cut(9)
    rows.extend([(5, 6)])
    assert rows.view.tolist() == [[0, 0], [1, -1], [5, 6]]


def test_an_array_of_one_dimension_starts_empty() -> None:
    column = GrowingArray(np.int8)
    assert column.view.shape == (0,)
    column.extend([])
    column.extend([1] * 1_500)
    assert column.view.sum() == len(column) == 1_500
