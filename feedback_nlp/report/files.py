"""Report files, complete or not there at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from feedback_nlp.errors import OutputError
from feedback_nlp.report.render import render_html, render_json, render_markdown, render_pdf
from feedback_nlp.report.summary import Summary

__all__ = ["write_reports"]

_RENDERERS: dict[str, Callable[[Summary], str | bytes]] = {
    "html": render_html,
    "pdf": render_pdf,
    "json": render_json,
    "md": render_markdown,
}


def write_reports(summary: Summary, targets: Mapping[str, Path]) -> list[Path]:
    """Write a summary in several formats; all are rendered before the first is written.

    Parameters
    ----------
    summary : Summary
    targets : mapping of {"html", "pdf", "json", "md"} to Path

    Raises
    ------
    OutputError
        A file cannot be written, or a PDF cannot be made here.
    """
    rendered = {path: _RENDERERS[kind](summary) for kind, path in targets.items()}
    for path, content in rendered.items():
        _replace(path, content.encode() if isinstance(content, str) else content)
    return list(rendered)


def _replace(path: Path, content: bytes) -> None:
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as partial:
            partial.write(content)
        # A temporary file is private; a report gets the rights that any new file has here.
        umask = os.umask(0)
        os.umask(umask)
        Path(partial.name).chmod(0o666 & ~umask)
        Path(partial.name).replace(path)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written ({error.strerror or error}).", remedy="Name another place."
        ) from error
