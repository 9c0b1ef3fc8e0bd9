"""Bundles on disk and in the store: found in the data folder, taken in whole, made active only if they load.

Bundles made here lie in ``models/`` of the data folder, each in a folder that appears under its name when it is
complete. The table of models says which of them analyses what comes in.
"""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feedback_nlp.bundle import load_bundle, read_manifest
from feedback_nlp.errors import BundleError, BundleNotFoundError, InputError, OutputError
from feedback_nlp.records import ModelId
from feedback_nlp.store.model_values import ModelEntry

if TYPE_CHECKING:
    from feedback_nlp.analyzer import Analyzer
    from feedback_nlp.store.store import Store

__all__ = [
    "activate_model",
    "adopt_bundle",
    "bundle_place",
    "find_bundles",
    "is_available",
    "load_model",
    "roll_back_model",
]

FOLDER = "models"
#: Names that are safe in addresses, logs and paths, and fit the table's columns.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,49}")

Loader = Callable[["Store", ModelEntry], Any]


def adopt_bundle(store: Store, folder: str | Path, *, actor: str) -> ModelEntry:
    """Take a bundle into the data folder and make it known; it is not active by that.

    Parameters
    ----------
    store : Store
    folder : str or Path
        Where it lies now; it is copied, and appears under its new name when the copy is complete.
    actor : str
        Who brings it, for the audit log.

    Raises
    ------
    BundleError
        If it is none, is damaged, or has a name that cannot be taken.
    OutputError
        If the disk does not take it; nothing is left of it then.
    """
    loaded = load_bundle(folder)
    _check_names(loaded.manifest)
    root = store.data_dir / FOLDER
    target = root / _folder_name(loaded.model)
    if not target.exists():
        scratch = root / f".{secrets.token_hex(8)}.partial"
        try:
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            scratch.mkdir(mode=0o700)
            for name in (*loaded.manifest["parts"], "manifest.json"):
                shutil.copyfile(Path(folder) / name, scratch / name)
            load_bundle(scratch)  # what was copied, not what was there
            scratch.rename(target)
        except OSError as error:
            if not target.exists():  # nobody else brought the same one meanwhile
                raise OutputError(
                    f"The bundle cannot be copied into the data folder: {error.strerror or type(error).__name__}.",
                    remedy="Look for room and rights there.",
                ) from error
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    entry = store.models.register(loaded.model, f"{FOLDER}/{target.name}", loaded.manifest.get("metrics", {}))
    store.audit.add(actor, "model.add", entry.model)
    return entry


def find_bundles(store: Store) -> list[ModelEntry]:
    """Return all bundles, those that were laid into ``models/`` of the data folder among them, newest first."""
    known = store.models.list()
    digests = {entry.digest for entry in known}
    fresh = [found for found in _lying_there(store) if found[1]["digest"] not in digests]
    for folder, manifest in fresh:
        model = ModelId(manifest["name"], manifest["version"], manifest["digest"])
        store.models.register(model, f"{FOLDER}/{folder.name}", manifest.get("metrics", {}))
    return store.models.list() if fresh else known


def bundle_place(store: Store, entry: ModelEntry) -> Path | None:
    """Return the folder of a bundle; None for the shipped one."""
    return None if entry.path is None else store.data_dir / entry.path


def is_available(store: Store, entry: ModelEntry) -> bool:
    """Whether a bundle still lies where it was, as it was; its parts are not looked at."""
    try:
        return bool(read_manifest(bundle_place(store, entry))["digest"] == entry.digest)
    except BundleError:
        return False


def load_model(store: Store, entry: ModelEntry) -> Analyzer:
    """Load a bundle that the store knows, every part of it checked.

    Raises
    ------
    BundleError
        If it is gone, damaged, or another one lies there now.
    """
    from feedback_nlp.analyzer import Analyzer

    loaded = Analyzer.load(bundle_place(store, entry))
    if loaded.model.digest != entry.digest:
        raise BundleNotFoundError(
            f"The bundle {entry.model} is not here any more; in its place lies {loaded.model}.",
            remedy="Choose another one; GET /v1/models says which are available.",
        )
    return loaded


def activate_model(store: Store, model: str, *, actor: str, load: Loader = load_model) -> ModelEntry:
    """Let a bundle analyse what comes in from now on, if it loads.

    Parameters
    ----------
    store : Store
    model : str
        Its name, as for `ModelRegistry.get`.
    actor : str
        Who wants it.
    load : callable, default=load_model

    Raises
    ------
    NotStoredError
        If there is no such bundle.
    InputError
        If it is refused; the one before stays active then.
    """
    entry = store.models.get(model)
    _try(load, store, entry)
    return store.models.activate(entry.model, actor)


def roll_back_model(store: Store, *, actor: str, load: Loader = load_model) -> ModelEntry:
    """Activate the bundle that was active before the present one, if it loads.

    Raises
    ------
    NotStoredError
        If there was none.
    InputError
        If it is refused; the present one stays active then.
    """
    _try(load, store, store.models.previous())
    return store.models.roll_back(actor)


def _try(load: Loader, store: Store, entry: ModelEntry) -> None:
    try:
        load(store, entry)
    except BundleError as error:
        # The caller chose it: no fault of the program.
        raise InputError(
            f"The bundle {entry.model} cannot be activated: {error.title.lower()}.",
            remedy="Nothing was changed. Bring the bundle back, or choose another.",
        ) from error


def _lying_there(store: Store) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield folders of bundles with their manifests; what is no bundle, or half of one, is passed over."""
    for place in sorted((store.data_dir / FOLDER).glob("[!.]*/manifest.json")):
        try:
            manifest = read_manifest(place.parent)
            _check_names(manifest)
        except BundleError:
            continue
        yield place.parent, manifest


def _check_names(manifest: dict[str, Any]) -> None:
    if not (_NAME.fullmatch(manifest["name"]) and _VERSION.fullmatch(manifest["version"])):
        raise BundleError(
            "The name or version of the bundle cannot be taken.",
            remedy="Letters, digits, dots, hyphens and underscores alone; at most 100 and 50 of them.",
        )


def _folder_name(model: ModelId) -> str:
    return f"{model.name}-{model.version}-{model.digest[:12]}"
