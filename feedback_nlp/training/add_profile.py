"""Write the profile of the recipe's calibration texts into the manifest of a bundle that was made without one.

    python -m feedback_nlp.training.add_profile --data DIR BUNDLE

Weights stay as they are; the manifest has another digest then.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

from feedback_nlp.analyzer import Analyzer
from feedback_nlp.bundle import MANIFEST, load_bundle, manifest_digest
from feedback_nlp.profile import build_profile
from feedback_nlp.training.corpus import read_corpus
from feedback_nlp.training.recipe import load_recipe, shipped_recipe_path

__all__ = ["add_profile"]


def add_profile(folder: str | Path, texts: list[str]) -> None:
    """Measure the profile of texts and write it into the manifest of the bundle in a folder."""
    bundle = load_bundle(folder)
    manifest = {**bundle.manifest, "profile": build_profile(Analyzer(bundle), texts)}
    manifest["digest"] = manifest_digest(manifest)
    (bundle.path / MANIFEST).write_text(
        json.dumps(manifest, indent=1, sort_keys=True) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    recipe = replace(load_recipe(shipped_recipe_path()), sets=(), teacher=None)  # the gold part is enough
    corpus = read_corpus(recipe, options.data)
    add_profile(options.bundle, [row.text for row in corpus.calibration])
