"""A bundle is read back as it was written, and refused when anything about it is not as it was written."""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from feedback_nlp import Analyzer
from feedback_nlp.bundle import (
    FORMAT_VERSION,
    Bundle,
    LinearPart,
    load_bundle,
    manifest_digest,
    save_bundle,
    shipped_bundle_path,
)
from feedback_nlp.errors import BundleDigestError, BundleError, BundleNotFoundError, BundleVersionError
from feedback_nlp.preprocess import PREPROCESS_VERSION
from tests.tiny_linear import tiny_linear

HEADS = {"sentiment": {"weights": [[0.5, -1.25]]}, "precisions": [[0.95, 0.7, 0.9]]}
MANIFEST = {"name": "tiny", "version": "1.2.3", "seed": 5, "labels": {"kind": ["praise"]}}
CARD = "# Tiny – a bundle of nobody\n"
PARTS = (
    "words.txt", "terms.npy", "term_idf.npy", "term_weights.npy", "grams.txt", "gram_idf.npy", "gram_weights.npy",
    "heads.json", "model_card.md",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "bundles" / "tiny"
    save_bundle(path, tiny_linear(), HEADS, MANIFEST, CARD)
    return path


def rewrite(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the manifest and make its digest fit again, as somebody would who means harm."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    change(manifest)
    manifest["digest"] = manifest_digest(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def replace_part(folder: Path, name: str, content: bytes) -> None:
    """Put another part in, with the digest it needs."""
    (folder / name).write_bytes(content)
    rewrite(folder, lambda m: m["parts"][name].update(sha256=hashlib.sha256(content).hexdigest()))


def to_npy(array: np.ndarray[Any, Any], *, allow_pickle: bool = False) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=allow_pickle)
    return buffer.getvalue()


def assert_same(one: LinearPart, other: LinearPart) -> None:
    assert (one.words, one.grams) == (other.words, other.grams)
    for name in ("terms", "term_idf", "term_weights", "gram_idf", "gram_weights"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        assert getattr(one, name).dtype == getattr(other, name).dtype


# -- there and back ------------------------------------------------------------------------------------


def test_a_bundle_comes_back_as_it_was_saved(folder: Path) -> None:
    bundle = load_bundle(folder)
    assert_same(bundle.linear, tiny_linear())
    assert bundle.heads == HEADS
    assert bundle.card == CARD
    assert {key: bundle.manifest[key] for key in MANIFEST} == MANIFEST
    assert bundle.manifest["format_version"] == FORMAT_VERSION
    assert bundle.manifest["preprocess_version"] == PREPROCESS_VERSION
    assert str(bundle.model) == f"tiny@1.2.3+{bundle.manifest['digest'][:12]}"
    assert sorted(path.name for path in folder.iterdir()) == sorted([*PARTS, "manifest.json"])


def test_saving_twice_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    other = save_bundle(tmp_path / "again", tiny_linear(), HEADS, MANIFEST, CARD)
    for name in (*PARTS, "manifest.json"):
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    assert load_bundle(folder).model == other.model


def test_anything_else_gives_another_digest(tmp_path: Path) -> None:
    linear = tiny_linear()
    heavier = replace(linear, term_weights=linear.term_weights + 1)
    variants: list[tuple[LinearPart, dict[str, Any], dict[str, Any], str]] = [
        (linear, HEADS, MANIFEST, CARD),
        (heavier, HEADS, MANIFEST, CARD),
        (linear, {}, MANIFEST, CARD),
        (linear, HEADS, {**MANIFEST, "seed": 6}, CARD),
        (linear, HEADS, MANIFEST, ""),
    ]
    digests = {save_bundle(tmp_path / "bundle", *variant).model.digest for variant in variants}
    assert len(digests) == len(variants)


def test_a_bundle_is_saved_over_an_older_one(folder: Path) -> None:
    newer = save_bundle(folder, tiny_linear(3), HEADS, {**MANIFEST, "version": "2"}, CARD)
    assert load_bundle(str(folder)).model == newer.model
    assert newer.linear.term_weights.shape[1] == 3


def test_a_bundle_of_nothing(tmp_path: Path) -> None:
    nothing, width = np.zeros(0, dtype=np.float32), np.zeros((0, 21), dtype=np.float32)
    empty = LinearPart((), np.zeros((0, 4), dtype=np.int32), nothing, width, (), nothing, width)
    assert_same(save_bundle(tmp_path, empty, {}, MANIFEST, "").linear, empty)


# -- damage --------------------------------------------------------------------------------------------


def test_weights_lie_row_after_row_however_they_were_saved(analyzer: Analyzer) -> None:
    linear = analyzer.bundle.linear
    assert linear.term_weights.flags.c_contiguous
    assert linear.gram_weights.flags.c_contiguous


def test_no_bundle_there(tmp_path: Path) -> None:
    with pytest.raises(
        BundleNotFoundError, match=r"No model bundle in .*nowhere.*feedback-nlp train"
    ) as caught:
        load_bundle(tmp_path / "nowhere")
    assert (caught.value.exit_code, caught.value.http_status) == (4, 404)


def test_a_missing_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()
    with pytest.raises(BundleNotFoundError, match=r"manifest\.json"):
        load_bundle(folder)


@pytest.mark.parametrize("name", PARTS)
def test_a_missing_part(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(BundleDigestError, match=rf"Part {re.escape(name)} .* is missing"):
        load_bundle(folder)


@pytest.mark.parametrize("name", PARTS)
def test_one_changed_byte(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(BundleDigestError, match=rf"Part {re.escape(name)} .* differs from its digest"):
        load_bundle(folder)


@pytest.mark.parametrize("name", PARTS)
def test_a_cut_part(folder: Path, name: str) -> None:
    (folder / name).write_bytes((folder / name).read_bytes()[:-1])
    with pytest.raises(BundleDigestError, match="differs from its digest"):
        load_bundle(folder)


def test_an_edited_manifest(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"seed": 5', '"seed": 6'), encoding="utf-8")
    with pytest.raises(BundleDigestError, match=r"manifest\.json was changed"):
        load_bundle(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not JSON"),
        ("", "is not JSON"),
        ("[]", "no manifest of a bundle"),
        ('"parts"', "no manifest of a bundle"),
        ('{"name": "x", "version": "1"}', "no manifest of a bundle"),
        ('{"name": "x", "version": "1", "parts": {"words.txt": "abc"}}', "no manifest of a bundle"),
        ('{"name": 1, "version": "1", "parts": {}}', "no manifest of a bundle"),
        ('{"version": "1", "parts": {}}', "no manifest of a bundle"),
    ],
)
def test_a_manifest_that_is_none(folder: Path, content: str, message: str) -> None:
    (folder / "manifest.json").write_text(content, encoding="utf-8")
    with pytest.raises(BundleDigestError, match=message):
        load_bundle(folder)


def test_a_manifest_that_is_not_text(folder: Path) -> None:
    (folder / "manifest.json").write_bytes(b"\xff\xfe{}")
    with pytest.raises(BundleDigestError, match="is not JSON"):
        load_bundle(folder)


@pytest.mark.parametrize("key", ["format_version", "preprocess_version"])
@pytest.mark.parametrize("version", [0, 99, "1", None])
def test_other_versions_are_refused_by_name(folder: Path, key: str, version: object) -> None:
    rewrite(folder, lambda manifest: manifest.update({key: version}))
    with pytest.raises(
        BundleVersionError, match=rf"{key} {version!r}, this program reads \d+.*Train it again"
    ):
        load_bundle(folder)


def test_a_manifest_without_a_part(folder: Path) -> None:
    rewrite(folder, lambda manifest: manifest["parts"].pop("terms.npy"))
    with pytest.raises(BundleError, match=r"incomplete or malformed: 'terms\.npy'"):
        load_bundle(folder)


@pytest.mark.parametrize("name", ["../outside.txt", "/etc/hostname", "sub/part", "..", "."])
def test_parts_outside_the_folder_are_not_read(folder: Path, name: str) -> None:
    (folder.parent / "outside.txt").write_text("secret", encoding="utf-8")
    rewrite(folder, lambda manifest: manifest["parts"].update({name: {"sha256": "0", "bytes": 6}}))
    with pytest.raises(BundleError) as caught:
        load_bundle(folder)
    assert "secret" not in str(caught.value)
    if "/" in name:
        assert "names a part outside itself" in str(caught.value)


LINEAR = tiny_linear()


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("terms.npy", LINEAR.terms[:, :3]),
        ("terms.npy", LINEAR.terms[1:]),
        ("terms.npy", LINEAR.terms.ravel()),
        ("terms.npy", np.full_like(LINEAR.terms, len(LINEAR.words))),
        ("terms.npy", np.full_like(LINEAR.terms, -2)),
        ("terms.npy", np.int32(7)),
        ("term_idf.npy", LINEAR.term_idf[1:]),
        ("term_idf.npy", LINEAR.term_idf[:, None]),
        ("term_idf.npy", np.float32(1)),
        ("term_weights.npy", LINEAR.term_weights[:, 1:]),
        ("term_weights.npy", LINEAR.term_weights[1:]),
        ("term_weights.npy", np.float16(1)),
        ("gram_idf.npy", LINEAR.gram_idf[1:]),
        ("gram_weights.npy", LINEAR.gram_weights[:, 1:]),
        ("gram_weights.npy", LINEAR.gram_weights[1:]),
    ],
)
def test_wrong_shapes_and_numbers(folder: Path, name: str, array: np.ndarray[Any, Any]) -> None:
    replace_part(folder, name, to_npy(np.asarray(array)))
    with pytest.raises(BundleError, match="do not fit together"):
        load_bundle(folder)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("term_idf.npy", b""),
        ("term_idf.npy", b"no array"),
        ("term_idf.npy", to_npy(LINEAR.term_idf)[:-3]),
        ("term_idf.npy", to_npy(np.array(["one", "two"]))),
        ("heads.json", b"{"),
        ("words.txt", b"\xff\xfe"),
    ],
)
def test_parts_that_are_not_what_their_name_says(folder: Path, name: str, content: bytes) -> None:
    replace_part(folder, name, content)
    with pytest.raises(BundleError, match="incomplete or malformed"):
        load_bundle(folder)


def test_an_archive_in_the_place_of_an_array(folder: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("array.npy", to_npy(LINEAR.term_idf))
    replace_part(folder, "term_idf.npy", buffer.getvalue())
    with pytest.raises(BundleError, match="incomplete or malformed"):
        load_bundle(folder)


class Trap:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str, str]]:
        return open, (str(self.path), "w")


@pytest.mark.parametrize("name", [name for name in PARTS if name.endswith(".npy")])
def test_pickled_objects_are_refused_and_never_run(folder: Path, tmp_path: Path, name: str) -> None:
    caught_in = tmp_path / "executed"
    replace_part(folder, name, to_npy(np.array([Trap(caught_in)], dtype=object), allow_pickle=True))
    with pytest.raises(BundleError, match="allow_pickle=False"):
        load_bundle(folder)
    assert not caught_in.exists()


def test_malformed_heads_are_a_bundle_error(folder: Path) -> None:
    with pytest.raises(BundleError, match=r"heads of the bundle in .* are malformed"):
        Analyzer.load(folder)


# -- the shipped bundle --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped() -> Bundle:
    return load_bundle()


def test_the_shipped_bundle_is_small_and_whole(shipped: Bundle) -> None:
    files = [path for path in shipped_bundle_path().rglob("*") if path.is_file()]
    assert sorted(path.name for path in files) == sorted([*PARTS, "manifest.json"])
    assert sum(path.stat().st_size for path in files) <= 15_000_000
    assert shipped.manifest["language"] == "en"
    assert shipped.linear.term_weights.shape[1] == 21
    for part in (shipped.linear.term_weights, shipped.linear.gram_weights, shipped.linear.term_idf):
        assert np.isfinite(part).all()


def test_the_shipped_bundle_loads_within_a_second() -> None:
    program = (
        "import time\n"
        "from feedback_nlp.bundle import load_bundle\n"
        "started = time.perf_counter(); load_bundle(); print(time.perf_counter() - started)"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert float(out) <= 1.0


def test_no_address_of_anybody_is_in_the_shipped_vocabulary(shipped: Bundle) -> None:
    words = shipped.linear.words
    assert len(words) == len(set(words)) > 1_000
    assert [word for word in words if len(word) > 40 or any(c.isspace() for c in word)] == []
    # "@mention" is how one of the sets masks every handle; glued to letters it is no handle to the tokenizer.
    assert [word for word in words if len(word) > 1 and "@" in word.replace("@mention", "")] == []
    assert [word for word in words if re.search(r"www\.|://|\w\.(?:com|net|org|co|uk)\b", word)] == []
    # Long numbers could be phone, card or order numbers.
    assert [word for word in words if re.search(r"\d{5}", word)] == []
    assert max(map(len, shipped.linear.grams)) <= 5


def test_every_term_of_the_shipped_bundle_stands_there_once(shipped: Bundle) -> None:
    terms = shipped.linear.terms
    assert len(np.unique(terms, axis=0)) == len(terms)
    assert set(np.unique(terms[:, 0]).tolist()) == {0, 1}
    assert (terms[:, 1] >= 0).all()
