"""The trained model as a folder of plain arrays and text. Loading executes nothing from it.

::

    manifest.json     format, name, version, labels, seed, versions, digests of data and parts, metrics
    words.txt         normal forms, one a line; their line number is their number
    terms.npy         (n_terms, 4) int32: scope, then up to three word numbers, -1 for none
    term_idf.npy      (n_terms,) float32
    term_weights.npy  (n_terms, n_outputs) float16
    grams.txt         character n-grams, one a line
    gram_idf.npy      (n_grams,) float32
    gram_weights.npy  (n_grams, n_outputs) float16
    heads.json        what is made of the linear outputs: intercepts, calibration, thresholds
    model_card.md     for people
    own_*             where a company trained its own labels: a second linear part, in files of the same shapes, and
                      whole_words.txt, whole_weights.npy (n_whole_words, n_outputs) float16: what a word adds to its
                      spelling

The digests of all parts stand in the manifest; the bundle's own digest is that of its manifest. A part that differs,
another format or another preprocess version is refused with a clear error.
"""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import BundleDigestError, BundleError, BundleNotFoundError, BundleVersionError
from feedback_nlp.preprocess import PREPROCESS_VERSION
from feedback_nlp.records import ModelId

__all__ = [
    "FORMAT_VERSION",
    "Bundle",
    "LinearPart",
    "load_bundle",
    "read_manifest",
    "save_bundle",
    "shipped_bundle_path",
]

#: Raise it when the folder's layout changes; keep a reader for older ones or refuse them by name.
#: 2: the sentiment of a topic has 50 inputs instead of 8.
FORMAT_VERSION: Final = 2
MANIFEST: Final = "manifest.json"
CARD: Final = "model_card.md"
#: Begins the names of the parts of a company's own labels.
OWN_PREFIX: Final = "own_"

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LinearPart:
    """The linear model over both feature blocks.

    Parameters
    ----------
    words : tuple of str
        Normal forms that stand in terms.
    terms : ndarray of int32, shape (n_terms, 4)
        Scope and word numbers of each term.
    term_idf : ndarray of float32, shape (n_terms,)
    term_weights : ndarray of float32, shape (n_terms, n_outputs)
    grams : tuple of str
    gram_idf : ndarray of float32, shape (n_grams,)
    gram_weights : ndarray of float32, shape (n_grams, n_outputs)
    whole_words : tuple of str
        Words with a weight of their own, added to that of their spelling; none in a shipped bundle.
    whole_weights : ndarray of float32, shape (n_whole_words, n_outputs), or None
    """

    words: tuple[str, ...]
    terms: NDArray[np.int32]
    term_idf: Floats
    term_weights: Floats
    grams: tuple[str, ...]
    gram_idf: Floats
    gram_weights: Floats
    whole_words: tuple[str, ...] = ()
    whole_weights: Floats | None = None


@dataclass(frozen=True, slots=True)
class Bundle:
    """A loaded bundle.

    Parameters
    ----------
    path : Path
    manifest : dict
    linear : LinearPart
    heads : dict
        Parameters of the heads, by task.
    own : LinearPart or None, default=None
        The linear model of a company's own labels; its head is heads["own"].
    """

    path: Path
    manifest: dict[str, Any]
    linear: LinearPart
    heads: dict[str, Any]
    own: LinearPart | None = None

    @property
    def model(self) -> ModelId:
        """Name, version and digest."""
        return ModelId(self.manifest["name"], self.manifest["version"], self.manifest["digest"])

    @property
    def card(self) -> str:
        """The model card, Markdown."""
        return (self.path / CARD).read_text(encoding="utf-8")


def shipped_bundle_path(language: str = "en") -> Path:
    """Return the folder of the bundle that comes with the package."""
    return Path(__file__).parent / "models" / language


def load_bundle(path: str | Path | None = None) -> Bundle:
    """Load a bundle and check every part of it.

    Parameters
    ----------
    path : str, Path or None, default=None
        The folder; None for the shipped one.

    Raises
    ------
    BundleNotFoundError
        No manifest there.
    BundleVersionError
        Made by another format or preprocess version.
    BundleDigestError
        A part is missing or differs from its digest.
    BundleError
        A part has not the shape that the manifest says.
    """
    folder = shipped_bundle_path() if path is None else Path(path)
    manifest = read_manifest(folder)
    parts = {name: _read_part(folder, name, expected) for name, expected in manifest["parts"].items()}
    try:
        linear = _read_linear(parts)
        own = _read_linear(parts, OWN_PREFIX) if f"{OWN_PREFIX}terms.npy" in parts else None
        heads = json.loads(parts["heads.json"])
    except (KeyError, ValueError) as error:
        raise BundleError(
            f"The bundle in {folder} is incomplete or malformed: {error}.", remedy="Build it again."
        ) from error
    for part in filter(None, (linear, own)):
        _check_shapes(folder, part)
    if (own is not None) != ("own" in heads):
        raise BundleError(
            f"The own labels of the bundle in {folder} are incomplete.", remedy="Build it again."
        )
    return Bundle(folder, manifest, linear, heads, own)


def _read_linear(parts: dict[str, bytes], prefix: str = "") -> LinearPart:
    return LinearPart(
        words=_lines(parts[f"{prefix}words.txt"]),
        terms=_array(parts[f"{prefix}terms.npy"], np.int32),
        term_idf=_array(parts[f"{prefix}term_idf.npy"], np.float32),
        term_weights=_array(parts[f"{prefix}term_weights.npy"], np.float32),
        grams=_lines(parts[f"{prefix}grams.txt"]),
        gram_idf=_array(parts[f"{prefix}gram_idf.npy"], np.float32),
        gram_weights=_array(parts[f"{prefix}gram_weights.npy"], np.float32),
        **_read_whole_words(parts, prefix),
    )


def _read_whole_words(parts: dict[str, bytes], prefix: str) -> dict[str, Any]:
    if f"{prefix}whole_words.txt" not in parts:
        return {}
    return {
        "whole_words": _lines(parts[f"{prefix}whole_words.txt"]),
        "whole_weights": _array(parts[f"{prefix}whole_weights.npy"], np.float32),
    }


def _write_linear(linear: LinearPart, prefix: str = "") -> dict[str, bytes]:
    parts = {
        "words.txt": "\n".join(linear.words).encode(),
        "terms.npy": _npy(linear.terms.astype(np.int32)),
        "term_idf.npy": _npy(linear.term_idf.astype(np.float32)),
        "term_weights.npy": _npy(linear.term_weights.astype(np.float16)),
        "grams.txt": "\n".join(linear.grams).encode(),
        "gram_idf.npy": _npy(linear.gram_idf.astype(np.float32)),
        "gram_weights.npy": _npy(linear.gram_weights.astype(np.float16)),
    }
    if linear.whole_weights is not None:
        parts["whole_words.txt"] = "\n".join(linear.whole_words).encode()
        parts["whole_weights.npy"] = _npy(linear.whole_weights.astype(np.float16))
    return {prefix + name: part for name, part in parts.items()}


def save_bundle(
    folder: str | Path,
    linear: LinearPart,
    heads: dict[str, Any],
    manifest: dict[str, Any],
    card: str,
    own: LinearPart | None = None,
) -> Bundle:
    """Write a bundle and load it back.

    Parameters
    ----------
    folder : str or Path
        Made if missing; parts of an older bundle in it are replaced.
    linear : LinearPart
    heads : dict
        JSON types only.
    manifest : dict
        Name, version, labels, seed and whatever else belongs there; versions and digests are added here.
    card : str
        Markdown.
    own : LinearPart or None, default=None
        Of a company's own labels; heads["own"] belongs to it.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    parts = {
        **_write_linear(linear),
        **(_write_linear(own, OWN_PREFIX) if own is not None else {}),
        "heads.json": json.dumps(heads, indent=1, sort_keys=True).encode(),
        CARD: card.encode(),
    }
    complete = {
        **manifest,
        "format_version": FORMAT_VERSION,
        "preprocess_version": PREPROCESS_VERSION,
        "parts": {name: {"sha256": _sha256(part), "bytes": len(part)} for name, part in parts.items()},
    }
    complete["digest"] = manifest_digest(complete)
    for name, part in parts.items():
        (folder / name).write_bytes(part)
    (folder / MANIFEST).write_text(json.dumps(complete, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return load_bundle(folder)


def manifest_digest(manifest: dict[str, Any]) -> str:
    """Return the SHA-256 of a manifest without its own digest."""
    rest = {key: value for key, value in manifest.items() if key != "digest"}
    return _sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode())


def read_manifest(path: str | Path | None = None) -> dict[str, Any]:
    """Return the manifest of a bundle that this program can read; its parts are not looked at.

    Parameters
    ----------
    path : str, Path or None, default=None
        The folder; None for the shipped one.

    Raises
    ------
    BundleNotFoundError, BundleVersionError, BundleDigestError
        As for `load_bundle`.
    """
    folder = shipped_bundle_path() if path is None else Path(path)
    manifest = _parsed_manifest(folder)
    _check_versions(folder, manifest)
    return manifest


def _parsed_manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except OSError as error:
        raise BundleNotFoundError(
            f"No model bundle in {folder} (no readable {MANIFEST}).",
            remedy="Name a folder that `feedback-nlp train` wrote.",
        ) from error
    except ValueError as error:
        raise BundleDigestError(
            f"{folder / MANIFEST} is not JSON: {error}.", remedy="Restore the bundle."
        ) from error
    if not _is_manifest(manifest):
        raise BundleDigestError(
            f"{folder / MANIFEST} is no manifest of a bundle.", remedy="Restore the bundle."
        )
    return dict(manifest)


def _is_manifest(read: Any) -> bool:
    if not isinstance(read, dict) or not isinstance(read.get("parts"), dict):
        return False
    named = all(isinstance(read.get(key), str) for key in ("name", "version"))
    return named and all(isinstance(part, dict) for part in read["parts"].values())


def _check_versions(folder: Path, manifest: dict[str, Any]) -> None:
    for key, ours in (("format_version", FORMAT_VERSION), ("preprocess_version", PREPROCESS_VERSION)):
        theirs = manifest.get(key)
        if theirs != ours:
            raise BundleVersionError(
                f"The bundle in {folder} has {key} {theirs!r}, this program reads {ours}.",
                remedy="Train it again with this version, or install the version that made it.",
            )
    if manifest.get("digest") != manifest_digest(manifest):
        raise BundleDigestError(
            f"{folder / MANIFEST} was changed: its digest does not fit.", remedy="Restore the bundle."
        )


def _read_part(folder: Path, name: str, expected: dict[str, Any]) -> bytes:
    # A name with a separator could lead out of the folder.
    if Path(name).name != name:
        raise BundleError(
            f"The bundle in {folder} names a part outside itself: {name!r}.", remedy="Do not use it."
        )
    try:
        part = (folder / name).read_bytes()
    except OSError as error:
        raise BundleDigestError(
            f"Part {name} of the bundle in {folder} is missing.", remedy="Restore it."
        ) from error
    if _sha256(part) != expected.get("sha256"):
        raise BundleDigestError(
            f"Part {name} of the bundle in {folder} differs from its digest in the manifest.",
            remedy="Restore the bundle; do not edit its parts.",
        )
    return part


def _check_shapes(folder: Path, linear: LinearPart) -> None:
    terms, outputs = linear.term_idf.size, linear.term_weights.shape[-1:]
    fits = (
        linear.terms.shape == (terms, 4)
        and linear.term_idf.shape == (terms,)
        and linear.term_weights.shape == (terms, *outputs)
        and linear.gram_idf.shape == (len(linear.grams),)
        and linear.gram_weights.shape == (len(linear.grams), *outputs)
        and _known(linear.terms[:, 1:], len(linear.words))
        and (
            linear.whole_weights is None or linear.whole_weights.shape == (len(linear.whole_words), *outputs)
        )
    )
    if not fits:
        raise BundleError(
            f"The parts of the bundle in {folder} do not fit together.", remedy="Build it again."
        )


def _known(numbers: NDArray[np.int32], count: int) -> bool:
    """Whether all are numbers of words, or -1 for none."""
    return bool(((numbers >= -1) & (numbers < count)).all())


def _lines(part: bytes) -> tuple[str, ...]:
    text = part.decode()
    return tuple(text.split("\n")) if text else ()


def _array(part: bytes, dtype: type[np.generic]) -> NDArray[Any]:
    # allow_pickle=False: an object array would execute code. Not np.load, which takes archives, too.
    array: NDArray[Any] = np.lib.format.read_array(io.BytesIO(part), allow_pickle=False)
    # Row after row, whatever the file says: a sparse product copies weights that lie otherwise, for every single text.
    return array.astype(dtype, order="C")


def _npy(array: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _sha256(part: bytes) -> str:
    return hashlib.sha256(part).hexdigest()
