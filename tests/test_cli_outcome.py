"""How commands end: one line, an exit code, no traceback."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner, Result

import feedback_nlp.errors
from feedback_nlp.cli.outcome import OneLineErrors
from feedback_nlp.errors import BundleDigestError, FeedbackError, MissingColumnError, SettingError


def run(error: BaseException, *arguments: str) -> Result:
    """Run a command that raises, the way the program does."""

    @click.group("feedback-nlp", cls=OneLineErrors)
    @click.option("--traceback", is_flag=True)
    def group(traceback: bool) -> None:
        """Hold the command."""

    @group.command()
    def fall() -> None:
        raise error

    return CliRunner().invoke(group, [*arguments, "fall"])


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (FeedbackError("It failed."), 1),
        (MissingColumnError("No column 'txt'."), 3),
        (BundleDigestError("A part differs."), 4),
        (feedback_nlp.errors.OutputError("The disk is full."), 5),
        (feedback_nlp.errors.TrainingDataError("No rows."), 6),
        (SettingError("No such port."), 7),
    ],
)
def test_our_errors_are_one_line_and_a_code(error: FeedbackError, code: int) -> None:
    ended = run(error)
    assert (ended.exit_code, ended.stdout) == (code, "")
    assert ended.stderr == f"feedback-nlp: error: {error}\n"


def test_a_remedy_and_line_breaks_stay_on_the_line() -> None:
    ended = run(MissingColumnError("No column 'a\nb'.", remedy="Use --text-column."))
    assert ended.stderr == "feedback-nlp: error: No column 'a b'. Use --text-column.\n"


def test_an_unexpected_error_is_named_without_its_stack() -> None:
    ended = run(KeyError("lost"))
    assert ended.exit_code == 1
    assert (
        ended.stderr
        == "feedback-nlp: error: unexpected KeyError: 'lost' (please report it, with --traceback)\n"
    )


def test_the_stack_is_there_on_request() -> None:
    ended = run(KeyError("lost"), "--traceback")
    assert ended.exit_code == 1
    assert ended.stderr.startswith("Traceback (most recent call last):\n")
    assert ended.stderr.endswith("(please report it, with --traceback)\n")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_an_interruption_is_130(error: BaseException) -> None:
    ended = run(error)
    assert (ended.exit_code, ended.stdout) == (130, "")
    assert ended.stderr.strip() == "feedback-nlp: error: interrupted"


def test_a_reader_that_left_is_130_without_a_word() -> None:
    ended = run(BrokenPipeError(32, "Broken pipe"))
    assert (ended.exit_code, ended.output) == (130, "")


def test_a_closed_pipe_ends_the_real_program_without_a_word() -> None:
    program = [sys.executable, "-m", "feedback_nlp", "config"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()  # before the program has started to write
        complaint = running.stderr.read()
    assert (running.returncode, complaint) == (130, b"")


def test_click_exceptions_keep_their_code() -> None:
    ended = run(click.ClickException("Odd."))
    assert (ended.exit_code, ended.stderr) == (1, "feedback-nlp: error: Odd.\n")


def test_wrong_usage_is_one_line_that_points_to_the_help() -> None:
    ended = run(SystemExit(0), "--nonsense")
    assert ended.exit_code == 2
    assert ended.stderr == "feedback-nlp: error: No such option '--nonsense'. Try 'feedback-nlp --help'.\n"


def test_other_callers_get_the_exception_itself() -> None:
    @click.group(cls=OneLineErrors)
    def group() -> None:
        """Hold the command."""

    @group.command()
    def fall() -> None:
        raise SettingError("No such port.")

    with pytest.raises(SettingError):
        group.main(["fall"], standalone_mode=False)
