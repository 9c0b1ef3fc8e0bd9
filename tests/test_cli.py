"""Every command on the shipped bundle: what it prints, writes and returns, and how it refuses."""

from __future__ import annotations

import csv
import json
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest
from click.testing import CliRunner, Result

import feedback_nlp
from feedback_nlp.cli import commands
from feedback_nlp.records import SCORED_COLUMNS

PROGRAM = [sys.executable, "-m", "feedback_nlp"]
ROWS = [
    ["1", "Lovely shoes, I am very happy with them!"],
    ["2", "Terrible. My card was declined twice, awful checkout."],
    ["2", ""],
]


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def export() -> Path:
    """Return a small CSV export in the working folder."""
    return write_csv(Path("export.csv"), [["id", "text"], *ROWS])


def write_csv(path: Path, rows: list[list[str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return path


def read_csv(path: str | Path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def run(*arguments: str, text: str | bytes | None = None, **env: str) -> Result:
    return CliRunner().invoke(commands, arguments, input=text, env=env)


# -- all commands


def test_version() -> None:
    assert run("--version").stdout == f"feedback-nlp {feedback_nlp.__version__}\n"


@pytest.mark.parametrize("command", list(commands.commands))
def test_every_command_has_help_with_an_example(command: str) -> None:
    ended = run(command, "--help")
    assert ended.exit_code == 0
    assert f"feedback-nlp {command}" in ended.stdout.partition("Example")[2] or command == "config"


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys; from click.testing import CliRunner; from feedback_nlp.cli import commands\n"
        "for name in commands.commands: assert CliRunner().invoke(commands, [name, '--help']).exit_code == 0\n"
        "print(sorted({'spacy', 'sklearn', 'pandas', 'numpy', 'pyarrow', 'flask'} & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"


def test_without_a_command_the_help_is_shown_as_wrong_usage() -> None:
    ended = run()
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr.startswith("Usage: feedback-nlp")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["explian"], 2, "No such command 'explian'. Did you mean 'explain'? Try 'feedback-nlp --help'."),
        (["score", "export.csv"], 2, "Missing option '-o' / '--output'."),
        (["score", "-o", "out.csv"], 2, "Missing argument 'IN...'."),
        (
            ["score", "export.csv", "-o", "-", "--json"],
            2,
            "With --json, standard output is taken: name a file",
        ),
        (
            ["score", "*.csv", "-o", "out/", "--rejected", "r.jsonl"],
            2,
            "With several inputs, each has its own",
        ),
        (["score", "export.csv", "-o", "out.csv", "--workers", "0"], 2, "Invalid value for '--workers': 0"),
        (
            ["score", "export.csv", "-o", "out.csv", "--precision", "1"],
            2,
            "Invalid value for '--precision': 1",
        ),
        (["score", "nothing.csv", "-o", "out.csv"], 3, "nothing.csv cannot be read: No such file"),
        (["score", "nothing*.csv", "-o", "out/"], 3, "No file fits 'nothing*.csv'."),
        (["score", "export.csv", "-o", "out.csv", "--text-column", "txet"], 3, "There is no column 'txet'"),
        (["score", "export.csv", "-o", "out.docx"], 3, "out.docx: no writer for the ending '.docx'."),
        (["score", "export.csv", "-o", "missing/out.csv"], 5, "missing/out.csv"),
        (["score", "export.csv", "-o", "out.csv", "--bundle", "nowhere"], 4, "nowhere"),
        (["explain"], 2, "Missing argument 'TEXT'."),
        (["explain", "x", "--rating", "6"], 2, "Invalid value for '--rating': 6"),
        (["explain", "x", "--bundle", "nowhere"], 4, "nowhere"),
        (["model", "--bundle", "nowhere"], 4, "nowhere"),
        (["evaluate"], 2, "Give either a labelled FILE or --behaviour."),
        (["evaluate", "export.csv", "--behaviour"], 2, "Give either a labelled FILE or --behaviour."),
        (["evaluate", "export.csv", "--bundle", "nowhere"], 4, "nowhere"),
        (["evaluate", "nothing.csv"], 3, "nothing.csv"),
        (["evaluate", "export.csv"], 3, "There is no column 'sentiment'"),
        (["train", "-o", "bundle"], 6, "No training data was named. Use --data FOLDER"),
        (["train", "-o", "bundle", "--data", "nowhere"], 6, "nowhere"),
        (["serve", "--port", "99999"], 7, "FEEDBACK_PORT must be a whole number"),
        (["serve", "--host", "0.0.0.0"], 7, "0.0.0.0 can be reached from other machines"),  # noqa: S104
    ],
)
@pytest.mark.usefixtures("export")
def test_what_is_wrong_is_one_line_and_a_code(arguments: list[str], code: int, message: str) -> None:
    before = sorted(Path().iterdir())
    ended = run(*arguments, COLUMNS="80", FEEDBACK_TRAINING_DATA="")
    assert ended.exit_code == code, ended.stderr
    assert ended.stdout == ""
    assert ended.stderr.startswith("feedback-nlp: error: ")
    assert message in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert sorted(Path().iterdir()) == before, "nothing half-written is left behind"


def test_a_misspelt_setting_is_refused() -> None:
    ended = run("config", FEEDBACK_PROT="1")
    assert ended.exit_code == 7
    assert ended.stderr == (
        "feedback-nlp: error: There is no setting 'FEEDBACK_PROT'. Did you mean FEEDBACK_PORT?\n"
    )


# -- score


def test_score_writes_one_row_a_row_and_counts_on_standard_error(export: Path) -> None:
    ended = run("score", str(export), "-o", "scored.csv")
    assert (ended.exit_code, ended.stdout) == (0, "")
    assert ended.stderr.startswith("export.csv -> scored.csv: 3 rows read, 3 written, 0 rejected in ")
    assert "  status     ok 2, empty 1\n" in ended.stderr
    scored = read_csv("scored.csv")
    assert [[row["id"], row["text"]] for row in scored] == ROWS
    assert list(scored[0]) == ["id", "text", *SCORED_COLUMNS]
    assert [row["fb_sentiment"] for row in scored] == ["positive", "negative", ""]
    assert not Path("scored.csv.rejected.jsonl").exists()


def test_score_reads_and_writes_the_standard_streams() -> None:
    ended = run("score", "-", "-o", "-", text="text\nThe courier was friendly and quick.\n")
    assert ended.exit_code == 0
    header, row = csv.reader(ended.stdout.splitlines())
    assert header == ["text", *SCORED_COLUMNS]
    assert row[:4] == ["The courier was friendly and quick.", "ok", "en", "positive"]


def test_score_json_is_the_summary(export: Path) -> None:
    ended = run("score", str(export), "-o", "scored.jsonl", "--json")
    summary = json.loads(ended.stdout)
    assert (summary["rows_read"], summary["rows_written"], summary["rows_rejected"]) == (3, 3, 0)
    assert summary["by_status"] == {"empty": 1, "ok": 2}
    assert ended.stderr == ""
    lines = [json.loads(line) for line in Path("scored.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["text"] for line in lines] == [text for _, text in ROWS]


def test_score_reports_rejected_rows() -> None:
    Path("export.csv").write_text(
        'id,text\n1,"Great, thanks"\n2,one,cell,too,many\n3,Bad service\n', encoding="utf-8"
    )
    ended = run("score", "export.csv", "-o", "scored.csv", "--rejected", "odd.jsonl")
    assert ended.exit_code == 0
    assert "3 rows read, 2 written, 1 rejected" in ended.stderr
    assert "  rejected rows are in " in ended.stderr
    assert [json.loads(line)["line"] for line in Path("odd.jsonl").read_text().splitlines()] == [3]


def test_score_takes_the_columns_encoding_and_delimiter_it_is_told() -> None:
    Path("export.txt").write_bytes("Sterne;Was;Wo\n1;I loved the caf\xe9!;en\n".encode("cp1252"))
    told = ["--text-column", "Was", "--rating-column", "Sterne", "--language-column", "Wo"]
    ended = run("score", "export.txt", "-o", "scored.csv", *told, "--encoding", "cp1252", "--delimiter", ";")
    assert ended.exit_code == 0, ended.stderr
    with open("scored.csv", newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file, delimiter=";")
    assert row["Was"] == "I loved the café!"
    assert (row["fb_sentiment"], row["fb_flags"]) == ("positive", "rating_text_mismatch")


def test_score_makes_cells_safe_for_spreadsheets_on_request() -> None:
    write_csv(Path("export.csv"), [["text"], ["=HYPERLINK(1) is not a nice shop"]])
    assert run("score", "export.csv", "-o", "safe.csv", "--spreadsheet-safe").exit_code == 0
    assert run("score", "export.csv", "-o", "plain.csv").exit_code == 0
    assert read_csv("safe.csv")[0]["text"] == "'=HYPERLINK(1) is not a nice shop"
    assert read_csv("plain.csv")[0]["text"] == "=HYPERLINK(1) is not a nice shop"


def test_score_of_many_files_goes_into_a_folder(export: Path) -> None:
    Path("in").mkdir()
    for name in ("a.csv", "b.csv"):
        write_csv(Path("in") / name, [["id", "text"], *ROWS])
    for sources in (["in"], ["in/*.csv"], ["in/a.csv", "in/b.csv"]):
        ended = run("score", *sources, "-o", "out")
        assert ended.exit_code == 0, ended.stderr
        assert sorted(path.name for path in Path("out").iterdir()) == ["a.csv", "b.csv"]
    assert run("score", str(export), "-o", "out/").exit_code == 0
    assert len(read_csv("out/export.csv")) == 3


def test_a_bad_file_among_many_costs_only_itself(export: Path) -> None:
    write_csv(Path("other.csv"), [["id", "number"], ["1", "2"]])
    ended = run("score", str(export), "other.csv", "-o", "out", "--json")
    assert ended.exit_code == 3
    assert "other.csv: No column is called 'text'" in ended.stderr
    assert ended.stderr.endswith("feedback-nlp: error: 1 of 2 files could not be scored (see above).\n")
    assert [file["rows_written"] for file in json.loads(ended.stdout)["files"]] == [3]
    assert [path.name for path in Path("out").iterdir()] == ["export.csv"]


def test_nothing_to_resume_is_said(export: Path) -> None:
    ended = run("score", str(export), "-o", "scored.csv", "--resume")
    assert ended.exit_code == 0
    assert "  note: There was no interrupted run to resume; all rows were scored.\n" in ended.stderr


def test_another_precision_changes_only_what_is_uncertain(export: Path) -> None:
    run("score", str(export), "-o", "low.csv", "--precision", "0.5")
    run("score", str(export), "-o", "high.csv", FEEDBACK_PRECISION="0.9999")
    low, high = read_csv("low.csv"), read_csv("high.csv")
    assert [row["fb_uncertain"] for row in low] == ["false", "false", ""]
    assert [row["fb_uncertain"] for row in high] == ["true", "true", ""]
    assert [row["fb_confidence"] for row in low] == [row["fb_confidence"] for row in high]


def test_ctrl_c_is_130_and_leaves_no_half_file() -> None:
    program = [*PROGRAM, "score", "-", "-o", "-"]
    with subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        assert running.stderr is not None
        # More than one chunk, and little enough to fit into the pipes while nobody reads.
        running.stdin.write(b"text\n" + b"Where is my parcel?\n" * 5_000)
        running.stdin.flush()
        assert running.stdout.readline().startswith(b"text,fb_status")
        running.send_signal(signal.SIGINT)
        running.stdout.read()
        complaint = running.stderr.read().decode()
    assert running.returncode == 130
    assert complaint.strip() == "feedback-nlp: error: interrupted"


def test_a_reader_that_leaves_ends_score_without_a_word() -> None:
    write_csv(Path("export.csv"), [["text"], *[["Where is my parcel?"]] * 50_000])
    program = [*PROGRAM, "score", "export.csv", "-o", "-"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        complaint = running.stderr.read()
    assert (running.returncode, complaint) == (130, b"")


# -- explain


def test_explain_shows_labels_sentences_and_words() -> None:
    ended = run("explain", "Delivery was quick. But my card was declined twice, terrible!")
    assert ended.exit_code == 0
    assert re.search(r"^sentiment   (negative|mixed), confidence [01]\.\d\d", ended.stdout, re.MULTILINE)
    assert "  checkout_payment " in ended.stdout
    assert re.search(r"^   1  \w+ +[+-]\d\.\d\d  Delivery was quick\.$", ended.stdout, re.MULTILINE)
    # Towards the label, or towards the runner-up where the label is "mixed".
    assert re.search(r"^  +[+-]\d\.\d\d  .*(declined|terrible)", ended.stdout, re.MULTILINE)


def test_explain_json_is_the_answer_of_the_api() -> None:
    ended = run("explain", "--json", "--rating", "5", "-", text="Terrible shop, never again.\n")
    answer = json.loads(ended.stdout)
    assert answer["status"] == "ok"
    assert answer["sentiment"]["label"] == "negative"
    assert answer["flags"] == ["rating_text_mismatch"]
    assert {part["toward"] for part in answer["explanation"]} >= {"negative"}
    assert [(sentence["start"], sentence["end"]) for sentence in answer["sentences"]] == [(0, 27)]


def test_explain_makes_nothing_up_for_another_language() -> None:
    ended = run("explain", "Das Paket kam leider viel zu spät und war beschädigt.")
    assert ended.exit_code == 0
    assert "language    de" in ended.stdout
    assert "The bundle does not support this language, so no labels are given." in ended.stdout
    assert "sentiment" not in ended.stdout


# -- evaluate, train, model, config


def test_evaluate_prints_figures_of_a_labelled_file() -> None:
    rows = [["Lovely shoes, very happy!", "positive"], ["Terrible, broken after a day.", "negative"]]
    write_csv(Path("labelled.csv"), [["text", "right"], *rows * 2, ["Great service, thank you!", "negative"]])
    ended = run("evaluate", "labelled.csv", "--label-column", "right", "--json")
    assert ended.exit_code == 0, ended.stderr
    assert json.loads(ended.stdout)["accuracy"] == pytest.approx(0.8, abs=5e-5)
    assert "0.800" in run("evaluate", "labelled.csv", "--label-column", "right").stdout


def test_model_shows_card_and_manifest() -> None:
    manifest = json.loads(run("model", "--json").stdout)
    shown = run("model").stdout
    assert shown.startswith(f"{manifest['name']}@{manifest['version']}+{manifest['digest'][:12]}\n\n")
    assert "# " in shown


def test_config_shows_what_is_in_force() -> None:
    shown = run("config", FEEDBACK_PORT="9000", FEEDBACK_BUNDLE="ours").stdout
    assert re.search(r"^FEEDBACK_PORT +9000  \[from the environment\]$", shown, re.MULTILINE)
    assert re.search(r"^FEEDBACK_PRECISION +\(not set\)$", shown, re.MULTILINE)
    rows = {row["variable"]: row for row in json.loads(run("config", "--json", FEEDBACK_PORT="9000").stdout)}
    assert (rows["FEEDBACK_PORT"]["value"], rows["FEEDBACK_PORT"]["default"]) == (9000, "8000")
    assert rows["FEEDBACK_HOST"]["origin"] == "default"


def test_config_says_what_a_file_sets_and_hides_passwords(tmp_path: Path) -> None:
    file = tmp_path / "feedback.toml"
    file.write_text('database_url = "postgresql://shop:s3cret@db/feedback"\n')
    for options in ([], ["--json"]):
        shown = run("config", *options, FEEDBACK_CONFIG=str(file)).stdout
        assert "postgresql://shop:***@db/feedback" in shown
        assert str(file) in shown
        assert "s3cret" not in shown


# -- serve


def test_serve_refuses_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run("serve", "--port", str(port))
    assert ended.exit_code == 7
    assert f"Port {port} of 127.0.0.1 is in use." in ended.stderr


def test_serve_says_where_it_is_answers_and_stops() -> None:
    program = [*PROGRAM, "serve", "--port", "0", "--workers", "1"]
    with subprocess.Popen(program, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        said = running.stderr.readline()
        try:
            address = re.fullmatch(r"feedback-nlp: open (http://127\.0\.0\.1:\d+/) .*Ctrl-C stops it\n", said)
            assert address is not None, said
            with urlopen(f"{address[1]}healthz", timeout=30) as answer:
                assert (answer.status, json.load(answer)) == (200, {"status": "ok"})
        finally:
            running.terminate()
            running.stderr.read()
    assert running.returncode == 0
