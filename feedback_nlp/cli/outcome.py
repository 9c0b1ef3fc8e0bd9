"""How a command ends: one line on standard error and an exit code, never a traceback nobody asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, TextIO

import click

from feedback_nlp.errors import FeedbackError, OutputError

__all__ = ["INTERRUPTED", "OneLineErrors"]

#: Exit code after Ctrl-C, or when the reader of standard output has gone away: 128 + SIGINT, as in shells.
INTERRUPTED = 130


class OneLineErrors(click.Group):
    """A group of commands whose errors are single lines."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command; leave with its exit code unless `standalone_mode` is off."""

        def run() -> Any:
            return super(OneLineErrors, self).main(
                args, prog_name or "feedback-nlp", complete_var, standalone_mode=False, **extra
            )

        if not standalone_mode:
            return run()
        sys.exit(_exit_code(run, wants_traceback="--traceback" in (sys.argv[1:] if args is None else args)))

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which the commands were added."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the chosen command and deliver what it printed."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except (BrokenPipeError, OutputError) as error:
            # Before click sees it: to click a closed pipe is exit code 1, a general failure.
            if isinstance(error, OutputError) and not isinstance(error.__cause__, BrokenPipeError):
                raise
            raise _ReaderGone from error
        return result


class _ReaderGone(Exception):
    """Whoever read standard output has closed it."""


def _exit_code(run: Callable[[], Any], *, wants_traceback: bool) -> int:
    """Run a command and turn whatever it raises into a line and an exit code."""
    try:
        code = run()
    except FeedbackError as error:
        return _report(str(error), error.exit_code, trace=wants_traceback)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "feedback-nlp"
        return _report(f"{error.format_message()} Try '{where} --help'.", error.exit_code)
    except click.ClickException as error:
        return _report(error.format_message(), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        return _report("interrupted", INTERRUPTED)
    except _ReaderGone:
        _discard(sys.stdout)
        return INTERRUPTED
    except Exception as error:
        # Whatever else went wrong is our mistake; name it, but spare people the stack unless they ask.
        text = f"unexpected {type(error).__name__}: {error} (please report it, with --traceback)"
        return _report(text, FeedbackError.exit_code, trace=wants_traceback)
    return code if isinstance(code, int) else 0


def _report(text: str, code: int, *, trace: bool = False) -> int:
    if trace:
        import traceback

        click.echo(traceback.format_exc(), err=True, nl=False)
    click.echo(f"feedback-nlp: error: {' '.join(text.split())}", err=True)
    return code


def _discard(stream: TextIO) -> None:
    """Send what is still buffered nowhere, or the interpreter complains about the closed pipe as it ends."""
    try:
        descriptor = stream.fileno()
    except OSError:
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
