"""Single changes of a taxonomy, as a page asks for them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from feedback_nlp.errors import InputError
from feedback_nlp.store.taxonomy import OwnTopic, read_topics

__all__ = ["add_topic", "merge_topics", "retire_topics"]

Topics = Sequence[OwnTopic]


def add_topic(topics: Topics, new: OwnTopic) -> tuple[OwnTopic, ...]:
    """Return the entries with another one; phrases for a name that there is are added to it.

    Examples
    --------
    >>> [one.phrases for one in add_topic([OwnTopic("a", phrases=("b",))], OwnTopic("a", phrases=("c", "b")))]
    [('b', 'c')]
    """
    there = next((one for one in topics if one.name == new.name and not one.retired), None)
    if there is not None:
        new = replace(there, phrases=tuple(dict.fromkeys([*there.phrases, *new.phrases])))
    return _checked([*(one for one in topics if one.name != new.name), new])


def merge_topics(
    topics: Topics, names: Collection[str], name: str, known: Collection[str]
) -> tuple[OwnTopic, ...]:
    """Return the entries with some topics under one name; one topic is renamed by that.

    Parameters
    ----------
    topics : sequence of OwnTopic
    names : collection of str
        Which ones, by the names that count.
    name : str
        The new name; if it counts already, those texts are among them.
    known : collection of str
        Topics of the model.

    Examples
    --------
    >>> merged = merge_topics([], ["delivery", "venue"], "shipping", ["delivery", "venue"])
    >>> merged[0].name, merged[0].sources
    ('shipping', ('delivery', 'venue'))
    """
    if not names:
        raise InputError("Choose at least one topic.")
    chosen = dict.fromkeys([*names, *([name] if _counts(topics, name, known) else [])])
    by_name = {one.name: one for one in topics if not one.retired}
    parts = [by_name.get(one, OwnTopic(one, (one,))) for one in chosen]
    within = {one.within for one in parts}
    merged = OwnTopic(
        name,
        tuple(dict.fromkeys(source for one in parts for source in one.sources)),
        tuple(dict.fromkeys(phrase for one in parts for phrase in one.phrases)),
        *((parts[0].within, parts[0].instead) if len(within) == 1 else (None, False)),
    )
    return _checked([*(one for one in topics if one.name not in chosen and one.name != name), merged])


def retire_topics(topics: Topics, names: Collection[str]) -> tuple[OwnTopic, ...]:
    """Return the entries without some topics; what the model finds of them does not count any more.

    Examples
    --------
    >>> retired = retire_topics([OwnTopic("shipping", ("delivery",)), OwnTopic("b", phrases=("c",))], ["shipping", "b"])
    >>> [(one.name, one.retired) for one in retired]
    [('delivery', True)]
    """
    by_name = {one.name: one for one in topics if not one.retired}
    gone: list[str] = []
    for name in names:
        gone += by_name[name].sources if name in by_name else [name]
    kept = [one for one in topics if one.name not in names and one.name not in gone]
    return _checked([*kept, *(OwnTopic(name, retired=True) for name in dict.fromkeys(gone))])


def _counts(topics: Topics, name: str, known: Collection[str]) -> bool:
    taken = {source for one in topics for source in one.sources}
    entries = {one.name: one for one in topics}
    if name in entries:
        return not entries[name].retired
    return name in known and name not in taken


def _checked(topics: Topics) -> tuple[OwnTopic, ...]:
    return read_topics([one.to_dict() for one in topics])
