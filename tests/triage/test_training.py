"""How the models are made: the regression finds what tells texts apart, and the file gives back what was written."""

from pathlib import Path

import pytest

from watchdaemon.triage._model import LinearModel, dump, load, parse, probability
from watchdaemon.triage._question import read_sentences
from watchdaemon.triage.training._corpus import CORRECTED, LANGUAGES, OWN, Example, corrections, own_texts, read
from watchdaemon.triage.training._questions import Text, cross_validated, texts, train
from watchdaemon.triage.training._regression import fit
from watchdaemon.triage.training._report import TARGET, TARGETS, measure

EVALUATION = Path(__file__).parents[2] / ".." / "shared" / "eval"
LARGEST_BYTES = 1_000_000


def test_what_tells_texts_apart_gets_the_weight() -> None:
    rows = [["kan", "ni"], ["kan", "vi"], ["tack", "ni"], ["tack", "vi"]] * 20
    model = fit(rows, [True, True, False, False] * 20, strength=1.0, fewest=2)

    assert model.weights["kan"] > 1
    assert model.weights["tack"] < -1
    assert abs(model.weights["ni"]) < 0.1
    assert probability(model.margin(["kan", "ni"])) > 0.9


def test_the_penalty_keeps_weights_small() -> None:
    rows, labels = [["a"], ["b"]] * 10, [True, False] * 10
    loose, tight = (fit(rows, labels, strength=s, fewest=1).weights["a"] for s in (1.0, 0.01))

    assert 0 < tight < loose


def test_the_weights_are_at_the_top_of_the_likelihood() -> None:
    rows, labels = [["a"], ["a"], ["a"], ["b"]] * 5, [True, True, False, False] * 5
    model = fit(rows, labels, strength=2.0, fewest=1)
    slope = dict.fromkeys(("a", "b"), 0.0)
    for row, label in zip(rows, labels, strict=True):
        slope[row[0]] += 2.0 * (label - probability(model.margin(row)))

    assert all(abs(model.weights[name] - slope[name]) < 0.01 for name in slope)


def test_the_same_texts_give_the_same_weights() -> None:
    rows, labels = [["a", "c"], ["b"], ["a"], ["c"]] * 5, [True, False, True, False] * 5

    assert fit(rows, labels, strength=0.3, fewest=1) == fit(rows, labels, strength=0.3, fewest=1)


def test_a_rare_word_gets_no_weight() -> None:
    assert "once" not in fit([["a"], ["a"], ["once"]], [True, True, False], strength=1.0, fewest=2).weights


def test_a_model_is_read_as_it_was_written() -> None:
    model = LinearModel(-0.5, {"0=kan": 1.5, "01=kan ni": -0.02, "b=\u00e5": 0.04})

    assert parse(dump(model)) == model


@pytest.mark.parametrize("name", ["question", "spam"])
def test_the_weights_of_this_release_are_small_and_whole(name: str) -> None:
    text = dump(load(name))

    assert len(load(name).weights) > 1000
    assert len(text.encode()) < LARGEST_BYTES
    assert all(abs(w) < 20 for w in load(name).weights.values())


def test_the_own_texts_are_labelled_and_never_twice() -> None:
    own = own_texts()

    assert {e.language for e in own} == set(LANGUAGES)
    assert len({e.text for e in own}) == len(own)
    assert 0.3 < sum(e.label for e in own) / len(own) < 0.7


def test_one_text_in_two_spellings_is_one_group(tmp_path: Path) -> None:
    rows = [{"text": t, "label": 1, "lang": "sv", "source": f"s #{n} (a)"} for n, t in enumerate(["Kan ni?", "kan ni"])]
    file = tmp_path / "question.sv.jsonl"
    file.write_text("\n".join(str(r).replace("'", '"') for r in rows), encoding="utf-8")

    assert len({e.group for e in read(file)}) == 1


@pytest.mark.slow
@pytest.mark.skipif(
    not EVALUATION.is_dir(), reason="the labelled texts lie outside the repository, and here they are not"
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_not_learned_from_are_told_apart_as_promised(language: str) -> None:
    known = [t for t in texts(EVALUATION, [language]) if t.example.source != OWN]

    assert measure(cross_validated(known)).f1 >= TARGETS.get(language, TARGET)


# ---- owners' corrections


def test_corrections_are_read_as_the_program_prints_them(tmp_path: Path) -> None:
    file = tmp_path / "corrections.jsonl"
    file.write_text(
        '{"id": "a/1", "text": "pris per person", "task": "question", "label": 1}\n\n'
        '{"id": "a/2", "text": "Kom till torget!", "task": "abuse", "label": 1}\n'
        '{"id": "a/3", "text": "är det inte fint", "task": "question", "label": 0}\n',
        encoding="utf-8",
    )

    assert [(e.text, e.label, e.source) for e in corrections(file)] == [
        ("pris per person", True, CORRECTED),
        ("är det inte fint", False, CORRECTED),
    ]


def test_what_is_no_correction_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "corrections.jsonl"
    file.write_text('\n["text"]\n', encoding="utf-8")

    with pytest.raises(ValueError, match=r"corrections\.jsonl:2"):
        corrections(file)


def test_a_correction_is_learned_from() -> None:
    def taught(*labels: bool) -> float:
        told = [
            Example(text=f"pris per {word}", label=label, language="", source=CORRECTED, group=word)
            for label in labels
            for word in ("person", "familj", "dag", "natt", "barn")
        ]
        model = train(Text(e, read_sentences(e.text)) for e in (*own_texts(), *told))
        return model.margin(read_sentences("pris per styck")[0].names)

    assert taught(False) < taught() < taught(True)
