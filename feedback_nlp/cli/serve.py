"""`feedback-nlp serve`: the service."""

from __future__ import annotations

from pathlib import Path

import click

from feedback_nlp.cli.options import bundle_option, settings_with

__all__ = ["serve"]


@click.command(short_help="Start the service.")
@click.option(
    "--host", metavar="ADDRESS", help="Address to listen on.  [default: FEEDBACK_HOST, or 127.0.0.1]"
)
@click.option(
    "--port", type=int, metavar="NUMBER", help="Port to listen on.  [default: FEEDBACK_PORT, or 8000]"
)
@click.option("--workers", type=int, metavar="COUNT", help="Processes.  [default: FEEDBACK_WORKERS, or 2]")
@bundle_option
def serve(host: str | None, port: int | None, workers: int | None, bundle: Path | None) -> None:
    """Start the service: first page at /, API at /v1, its description at /docs.

    \b
    Example:
      feedback-nlp serve --port 9000
    """
    from api.server import serve as run_server

    settings = settings_with(host=host, port=port, workers=workers, bundle=bundle)
    run_server(settings=settings, on_ready=_announce)


def _announce(address: str) -> None:
    click.echo(f"feedback-nlp: open {address} (API description: {address}docs); Ctrl-C stops it", err=True)
