"""all-mpnet-base-v2 (Apache-2.0), put together from the packages that carry it: one zip file cut in five."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.metadata import distribution
from pathlib import Path
from zipfile import ZipFile

__all__ = ["ARCHIVE_SHA256", "MODEL", "PACKAGES", "assemble", "installed_parts"]

MODEL = "all-mpnet-base-v2"
PACKAGES = tuple(f"{MODEL}-pypi-part-{number:03}" for number in range(1, 6))
#: Of the five parts one after the other. The model.safetensors in it has the SHA-256 that its publisher's has:
#: 78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658.
ARCHIVE_SHA256 = "eb8d12eec2a0b6d694094f5085192a5eae2f244f90b90d8a11015498c8e9c0da"


def installed_parts(packages: Sequence[str] = PACKAGES) -> list[Path]:
    """Return where the part of each installed package lies; nothing of the packages is imported.

    Raises
    ------
    importlib.metadata.PackageNotFoundError
    """
    return [
        Path(str(distribution(package).locate_file(file)))
        for package in packages
        for file in distribution(package).files or ()
        if file.match("*.zip.*")
    ]


def assemble(parts: Sequence[Path], folder: Path, sha256: str = ARCHIVE_SHA256) -> Path:
    """Join the parts, check the digest of the whole, unpack it into `folder`, and return the model's folder.

    Raises
    ------
    ValueError
        The whole is not the one that is known; nothing has been unpacked.
    """
    digest = hashlib.sha256()
    archive = folder / f"{MODEL}.zip"
    with archive.open("wb") as stream:
        for part in parts:
            content = part.read_bytes()
            digest.update(content)
            stream.write(content)
    if digest.hexdigest() != sha256:
        archive.unlink()
        raise ValueError(f"{len(parts)} parts make a file with SHA-256 {digest.hexdigest()}, not {sha256}.")
    with ZipFile(archive) as zipped:
        zipped.extractall(folder)
    archive.unlink()
    return folder / MODEL
