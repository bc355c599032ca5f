"""The rule about the order of channels, which decides where packages come from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conda_lockstep.conda.build_variants import named_frameworks
from conda_lockstep.conda.channel import DEFAULTS, FORGE, NODEFAULTS, Channel
from conda_lockstep.config import DEFAULT_CHANNEL_ORDER, Config
from conda_lockstep.environment.cuda import statements
from conda_lockstep.environment.device_choice import DeviceChoice, device_choice
from conda_lockstep.environment.edit import Edit
from conda_lockstep.environment.entries import Entries, once_per_file
from conda_lockstep.environment.environment_file import Item
from conda_lockstep.lint.engine.registry import Fix, Problem, Severity, rule
from conda_lockstep.lint.rules.channels.listed import Listed, listed_channels
from conda_lockstep.text.source import Source, Span

_OF_PYTORCH = (
    "pytorch",
    "torchvision",
    "torchaudio",
    "torchtext",
    "pytorch-cuda",
    "pytorch-mutex",
    "faiss-gpu",
)
_BELOW_FORGE = ("bioconda",)
"""Channels whose documentation says to list conda-forge above them."""

_MANY = 50
"""The number of channels that are compared with each other."""


@rule("channel-order", "warning", supersedes=("defaults-channel", "gpu-variant-unspecified"))
def channel_order(entries: Entries, config: Config) -> Iterator[Problem]:
    """A channel is listed above one that should have priority: packages come from the wrong channel."""
    listed = listed_channels(entries)[:_MANY]
    wrong = _inversions(listed, entries, config) if len(listed) > 1 else []
    if not wrong:
        return
    severity, upper, lower = min(wrong, key=lambda found: ("error", "warning", "note").index(found[0]))
    order = _in_order(listed, entries, config)
    moved = _moved(severity, lower, entries)
    is_proven = lower.channel.base != "pytorch" or (severity == "error" and _has_libraries(entries))
    is_own = config.channel_order != DEFAULT_CHANNEL_ORDER
    edits = _reorder(entries.file.source, listed, order) if is_proven or is_own else ()
    yield Problem(
        upper.item.span,
        f"'{upper.item.value}' is listed above '{lower.item.value}': {_consequence(upper, lower, entries)}",
        f"list the channels in this order: {', '.join(one.item.value for one in order)}",
        Fix("reorder the channels", edits, "unsafe") if edits else None,
        severity,
        (
            (lower.item.span, "should be listed first"),
            *((span, f"comes from '{upper.item.value}'") for span in moved),
        ),
        moved,
    )


def _has_libraries(entries: Entries) -> bool:
    """Return whether the CUDA builds of the pytorch channel have their libraries, or a rule adds their channel."""
    there = _pytorch_there(entries)
    if there is None or there.builds is None or not there.builds.libraries or entries.named("pytorch-cuda"):
        return True
    return any(one.channel.base == there.builds.libraries for one in listed_channels(entries))


def _moved(severity: Severity, lower: Listed, entries: Entries) -> tuple[Span, ...]:
    """Return the entries that would get a CUDA build if the pytorch channel had priority."""
    if severity != "error" or lower.channel.base != "pytorch":
        return ()
    return tuple(entry.at(entry.spec.name_at) for entry in entries.named("pytorch") if not entry.spec.channel)


def _rank(channel: Channel, order: tuple[str, ...]) -> int:
    for name in (channel.name, channel.base):
        if name in order:
            return order.index(name)
    return order.index("*") if "*" in order else len(order)


def _inversions(
    listed: list[Listed], entries: Entries, config: Config
) -> list[tuple[Severity, Listed, Listed]]:
    """Return the pairs of channels in the wrong order, each with its severity."""
    found = []
    real = [one for one in listed if one.channel.name != NODEFAULTS]
    for place, upper in enumerate(real):
        for lower in real[place + 1 :]:
            severity = _harm(upper.channel, lower.channel, entries, config)
            if severity is not None:
                found.append((severity, upper, lower))
    return found


def _harm(upper: Channel, lower: Channel, entries: Entries, config: Config) -> Severity | None:
    """Return how severe it is that a channel is above another; None where that is right or harmless.

    An order from the settings is enforced strictly. The default order is enforced only for the two channels that have
    everything, conda-forge and defaults, and is more than a note only where the file requests an affected package.
    """
    order = config.channel_order
    if order == DEFAULT_CHANNEL_ORDER and FORGE in (upper.base, lower.base) and _is_below_forge(upper, lower):
        return "note" if lower.base == FORGE else None
    if _rank(upper, order) <= _rank(lower, order):
        return None
    if order != DEFAULT_CHANNEL_ORDER:
        return "warning"
    if upper.base not in (FORGE, DEFAULTS):
        return None
    if lower.base == "pytorch":
        return _harm_to_pytorch(entries)
    if lower.base == "nvidia" and upper.base == FORGE:
        return "error" if _needs_libraries(entries) else None
    return "warning" if lower.base == FORGE else "note"


def _harm_to_pytorch(entries: Entries) -> Severity | None:
    """Return how severe it is that the pytorch channel is below another that has everything.

    What selects the CUDA build differs between the two. The order is wrong if the file selects it in the way of the
    pytorch channel, and right if that channel would ignore what the file lists.
    """
    if not _unprefixed(entries, _OF_PYTORCH):
        return "note"
    here, there = _pytorch_here(entries), _pytorch_there(entries)
    if here is None or there is None:
        return "error" if _selects_there(entries) else "warning"
    if there.builds is None or here.builds == there.builds:
        return None
    if here.is_worse_than(there) or _selects_there(entries):
        return "error"
    if here.is_selected:
        return None
    if there.ignored or statements(entries):
        return None
    return "note"


def _needs_libraries(entries: Entries) -> bool:
    """Return whether the file gets a CUDA build whose libraries are in the nvidia channel, once its order is right."""
    choice = _pytorch_there(entries) if _selects_there(entries) else _pytorch_here(entries)
    if choice is None:
        return _unprefixed(entries, ("pytorch-cuda",))
    return choice.chosen == "cuda" and choice.builds is not None and bool(choice.builds.libraries)


def _selects_there(entries: Entries) -> bool:
    """Return whether an entry without a channel selects a CUDA build of the pytorch channel."""
    there = _pytorch_there(entries)
    if there and there.unbuilt:
        return False
    return _unprefixed(entries, there.selectors if there else ("pytorch-cuda",))


@once_per_file
def _pytorch_here(entries: Entries) -> DeviceChoice | None:
    """Return which build of pytorch the file gets; None if it does not list pytorch, or from another channel."""
    return _pytorch(entries, None)


@once_per_file
def _pytorch_there(entries: Entries) -> DeviceChoice | None:
    """Return which build of pytorch the file would get from the pytorch channel."""
    return _pytorch(entries, ("pytorch",))


def _pytorch(entries: Entries, bases: Sequence[str] | None) -> DeviceChoice | None:
    framework = named_frameworks()["pytorch"]
    entry = next((entry for entry in entries.named("pytorch") if not entry.spec.channel), None)
    return device_choice(entries, entry, framework, bases) if entry else None


def _is_below_forge(*channels: Channel) -> bool:
    return any(channel.base in _BELOW_FORGE for channel in channels)


def _unprefixed(entries: Entries, names: tuple[str, ...]) -> bool:
    """Return whether one of these packages is requested without a channel."""
    return any(not entry.spec.channel for entry in entries.named(*names))


def _consequence(upper: Listed, lower: Listed, entries: Entries) -> str:
    """Describe the consequence under conda's strict channel priority."""
    if lower.channel.base == "pytorch" and _unprefixed(entries, _OF_PYTORCH):
        there = _pytorch_there(entries)
        selector = next(iter(there.selectors if there else ()), "pytorch-cuda")
        which = f"which also has CPU builds, and '{selector}' does not select among its builds"
        return f"pytorch comes from {upper.channel.base}, {which}"
    if lower.channel.base == "nvidia" and upper.channel.base == FORGE:
        return "the CUDA libraries that pytorch's CUDA build requires are only searched for in conda-forge"
    if upper.channel.base == DEFAULTS and lower.channel.base == FORGE:
        return "most packages come from Anaconda's channel and the rest from conda-forge, built with another compiler"
    return f"packages in both channels come from '{upper.item.value}'"


def _in_order(listed: list[Listed], entries: Entries, config: Config) -> list[Listed]:
    """Move each channel that is too low above the first one that it must precede; the others keep their order."""
    order: list[Listed] = []
    for lower in listed:
        above = (
            place
            for place, upper in enumerate(order)
            if NODEFAULTS not in (upper.channel.name, lower.channel.name)
            and _harm(upper.channel, lower.channel, entries, config)
        )
        order.insert(next(above, len(order)), lower)
    return order


def _reorder(source: Source, listed: list[Listed], order: list[Listed]) -> tuple[Edit, ...]:
    """Return the edits that reorder the entries of a list, each with the comment on its line."""
    places = [_with_comment(source, one.item) for one in listed]
    texts = [source.text[slice(*_with_comment(source, one.item))] for one in order]
    if any("\n" in text or "\r" in text for text in texts):
        return ()
    return tuple(
        Edit(span, text)
        for span, text in zip(places, texts, strict=True)
        if source.text[span.start : span.end] != text
    )


def _with_comment(source: Source, item: Item) -> Span:
    if item.flow:
        return item.span
    end = source.rest_of_line(item.span.end).end
    return Span(item.span.start, item.span.start + len(source.text[item.span.start : end].rstrip()))
