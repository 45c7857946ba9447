"""Which options are read only together with others: one table, from which the others are refused.

An option that is in no row of its command is read in every mode. A --config file may carry options that are not read.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from boundcheck import glossary
from boundcheck.cli.options import DataOptions
from boundcheck.errors import InputError

Inputs = Mapping[str, Any]
_ROWS = tuple(f.name for f in fields(DataOptions))


@dataclass(frozen=True)
class Mode:
    """In words and as a test of the command's parameters: when these options are read."""

    words: str
    holds: Callable[[Inputs], bool]
    reads: tuple[str, ...]


def _given(name: str) -> Callable[[Inputs], bool]:
    return lambda inputs: inputs[name] is not None


def _one_of(name: str, *values: str) -> Callable[[Inputs], bool]:
    return lambda inputs: inputs[name] in values


def _measures_data(inputs: Inputs) -> bool:
    """Whether `compare --data` names rows, and not a saved teacher."""
    from boundcheck.margins.teacher import is_teacher

    return inputs["data"] is not None and not is_teacher(inputs["data"])


def _knows_truth(inputs: Inputs) -> bool:
    """Whether `labels check` has true labels; a file that cannot be read is refused later, with its name."""
    from zipfile import BadZipFile, ZipFile

    if inputs["truth"] is not None:
        return True
    try:
        with ZipFile(inputs["file"]) as archive:
            return "y.npy" in archive.namelist()
    except (OSError, BadZipFile):
        return True


def _reads_moments(inputs: Inputs) -> bool:
    from boundcheck.bounds.data_dependent import DATA_BOUNDS

    chosen = inputs["bound"] or DATA_BOUNDS
    return _measures_data(inputs) and not inputs["gamma"] and any(name in DATA_BOUNDS for name in chosen)


def _names_a_closed_form(inputs: Inputs) -> bool:
    from boundcheck.bounds.data_dependent import DATA_BOUNDS

    return inputs["name"] is not None and not glossary.find(inputs["name"]) and inputs["name"] not in DATA_BOUNDS


def _groups_tasks(inputs: Inputs) -> bool:
    return inputs["method"] in ("auto", "types") or inputs["types"] not in (None, "1")


MODES: dict[str, tuple[Mode, ...]] = {
    "audit": (Mode("no CLAIM", lambda inputs: inputs["claim"] is None, ("paper",)),),
    "margin": (
        Mode("--norm both or sup", _one_of("norm", "both", "sup"), ("confidence", "tolerance", "draws")),
        Mode("--eps", _given("eps"), ("delta",)),
    ),
    "compare": (
        Mode("--data that names rows", _measures_data, _ROWS),
        Mode(
            "--data that names rows, and no --gamma",
            lambda inputs: _measures_data(inputs) and not inputs["gamma"],
            ("confidence", "margin_draws"),
        ),
        Mode(
            "soft-data or hard-data among the bounds, for which see --data", _reads_moments, ("radius", "moment_draws")
        ),
    ),
    "explain": (
        Mode(
            "the name of a bound that needs no data",
            _names_a_closed_form,
            ("gamma", "eps", "n", "delta", "c", "logit_scale", "temperature", "flips"),
        ),
    ),
    "verify": (
        Mode(
            "--width-search",
            lambda inputs: bool(inputs["width_search"]),
            ("success_target", "max_width", "max_seeds", "budget", "time_limit", "certificate_time"),
        ),
        Mode(
            "--width-search --training practical",
            lambda inputs: inputs["width_search"] and inputs["training"] != "theorem",
            ("radius",),
        ),
        Mode("one width", lambda inputs: not inputs["width_search"], ("bound", "seeds")),
    ),
    "distill": (
        Mode("no --labels", lambda inputs: inputs["labels"] is None, ("teacher",)),
        Mode(
            "--teacher crowd",
            lambda inputs: inputs["labels"] is None and inputs["teacher"] == "crowd",
            ("answers", "positive_answers"),
        ),
    ),
    "labels make": (
        Mode("--teacher kernel", _one_of("teacher", "kernel"), ("norm", "logit_scale", "margin_draws")),
        Mode("--teacher network", _one_of("teacher", "network"), ("width", "no_cross_fit", "steps", "step_size")),
        Mode(
            "--teacher network without --no-cross-fit",
            lambda inputs: inputs["teacher"] == "network" and not inputs["no_cross_fit"],
            ("folds",),
        ),
        Mode("--teacher network, file or crowd", _one_of("teacher", "network", "file", "crowd"), ("temperature",)),
        Mode("--teacher smoothing", _one_of("teacher", "smoothing"), ("smoothing",)),
        Mode("--teacher file", _one_of("teacher", "file"), ("source",)),
        Mode("--teacher crowd", _one_of("teacher", "crowd"), ("answers", "method", "missing", "positive_answers")),
        Mode("--teacher file or crowd", _one_of("teacher", "file", "crowd"), ("columns",)),
    ),
    "labels check": (
        Mode("--truth", _given("truth"), tuple(name for name in _ROWS if name != "positive")),
        Mode(
            "the truth, by --truth or as y in FILE",
            _knows_truth,
            ("alpha", "crowd", "eps", "failure", "natarajan", "class_size"),
        ),
        Mode(
            "label sets of a size, without --candidates",
            lambda inputs: not inputs["candidates"],
            ("k", "ties", "scores"),
        ),
        Mode(
            "the truth, without --candidates",
            lambda inputs: _knows_truth(inputs) and not inputs["candidates"],
            ("drop_zero",),
        ),
        Mode(
            "the truth, without --k and --candidates",
            lambda inputs: _knows_truth(inputs) and inputs["k"] is None and not inputs["candidates"],
            ("no_split",),
        ),
    ),
    "crowd": (
        Mode(
            "--truth or --method auto or mv",
            lambda inputs: inputs["truth"] is not None or inputs["method"] in ("auto", "mv"),
            ("confidence",),
        ),
        Mode("--method auto or types, or --types", _groups_tasks, ("kind",)),
    ),
    "reproduce crowd": (Mode("DATA", _given("data"), _ROWS),),
    "reproduce scaling": (Mode("gamma or n", _one_of("against", "gamma", "n"), ("eps",)),),
    "reproduce temperature": (Mode("other commands: it is kappa here", lambda _: False, ("radius",)),),
    "runs prune": (
        Mode(
            "neither NUMBER nor --older-than",
            lambda inputs: not inputs["numbers"] and inputs["older_than"] is None,
            ("everything",),
        ),
    ),
}


@dataclass(frozen=True)
class Unneeded:
    """In words and as a test of the data set (None: none was loaded) and the result: when options have no effect."""

    words: str
    holds: Callable[[Any, Any], bool]
    names: tuple[str, ...]


def _plane(*names: str) -> Unneeded:
    return Unneeded(
        "in the plane the margin is exact", lambda data, _: data is not None and data.X.shape[1] == 2, names
    )


def _zero(*names: str) -> Unneeded:
    return Unneeded("the margin is zero", lambda _, result: not result.assumption_holds, names)


UNNEEDED: dict[str, tuple[Unneeded, ...]] = {
    "margin": (
        _zero("confidence", "tolerance", "draws", "time_limit", "eps", "delta"),
        _plane("confidence", "tolerance", "draws", "time_limit"),
    ),
    "compare": (_plane("confidence", "margin_draws"),),
    "verify": (_plane("margin_draws"),),
    "labels make": (_plane("margin_draws"),),
    "labels check": (
        Unneeded("with two classes every set has one label", lambda _, result: result.classes == 2, ("k", "no_split")),
    ),
    "reproduce temperature": (_plane("margin_draws"),),
}
"""What only the data or the result tells: such options are not refused, and the user is told."""


def unneeded(command: str, context: Any, data: Any, result: Any) -> Iterator[str]:
    """A line for the options that were typed and that these data leave without effect, by each reason."""
    typed, told = _typed(context), set[str]()
    for rule in UNNEEDED.get(command, ()):
        names = [name for name in rule.names if name in typed and name not in told]
        if names and rule.holds(data, result):
            told.update(names)
            yield f"{', '.join(typed[name] for name in names)}: not needed for these data, {rule.words}"


def refuse_ignored(command: str, context: Any, inputs: Inputs) -> None:
    """Raise InputError where the command line gives options that are not read beside the others it gives."""
    modes = MODES.get(command, ())
    read = {name for mode in modes if mode.holds(inputs) for name in mode.reads}
    words = {name: [mode.words for mode in modes if name in mode.reads] for name in _typed(context)}
    named = [name for name in words if words[name] and name not in read]
    if named:
        flags = ", ".join(_typed(context)[name] for name in named)
        only = " or ".join(dict.fromkeys(word for name in named for word in words[name]))
        raise InputError(f"{command}: {flags}: only read with {only}; leave that out")


def _typed(context: Any) -> dict[str, str]:
    """Parameter -> flag, of what was typed on the command line."""
    given = {param.name: param.opts[0] for param in context.command.params}
    sources = {name: context.get_parameter_source(name) for name in given}
    return {name: flag for name, flag in given.items() if sources[name] and sources[name].name == "COMMANDLINE"}
