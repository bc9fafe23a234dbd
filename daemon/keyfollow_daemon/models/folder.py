"""A model on disk, checked before anything of it is loaded: a folder in diffusers or transformers layout, safetensors only.

    model_index.json                {"_class_name": …, "unet": ["diffusers", "UNet2DConditionModel"], …}
    unet/config.json                unet/diffusion_pytorch_model.safetensors
    tokenizer/vocab.json …          (components without weights have none)

A folder with ``config.json`` and weights at its top (a ControlNet, a depth or caption model) is a model of one component, named "".
The whole folder is looked at: a pickle anywhere in it is refused, also where no loader would touch it.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from keyfollow.errors import ModelMissing, UsageError
from keyfollow.paths import paths
from keyfollow.sealed import canonical

from keyfollow_daemon.models.digests import Digests, Report, quiet
from keyfollow_daemon.models.weights import CODE, SAFETENSORS, check_weights, code_inside, unsafe

INDEX = "model_index.json"
OURS = "keyfollow.json"
"""The store's manifest, beside the model's own files."""
MEMORY = ".digests"
"""Below the model store: what `Digests` remembers."""
LIBRARIES = ("diffusers", "transformers")
CONFIGS = ("config.json", "scheduler_config.json", "preprocessor_config.json", "tokenizer_config.json", "tokenizer.json")
TEXTS = (".json", ".txt")
"""What loaders read beside weights: configs and vocabularies."""
SHARDS = ".safetensors.index.json"
MAX_FILES = 1000
MAX_DEPTH = 4
MAX_TEXT = 64 << 20


@dataclass(frozen=True, slots=True)
class Component:
    """One part of a model.

    Args:
        name: its folder, e.g. ``"unet"``; ``""`` for a model of one component.
        library: ``"diffusers"`` or ``"transformers"``; ``""`` where a folder of one component does not say.
        cls: the class that its authors saved, e.g. ``"UNet2DConditionModel"``; never looked up here.
        weights: its safetensors files, sorted; empty for schedulers, tokenizers and processors.
    """

    name: str
    library: str
    cls: str
    path: Path
    weights: tuple[Path, ...]

    def config(self) -> dict[str, Any]:
        """The component's main configuration file.

        Raises:
            UsageError: ``bad_model`` when it has none.
        """
        for name in CONFIGS:
            if (self.path / name).is_file():
                return read_json(self.path / name)
        raise bad_model(self.path, "it has no configuration file")


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file that is part of a model: POSIX path below the folder, bytes."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A model that may be loaded.

    Args:
        pipeline: ``_class_name`` of its index; ``""`` for a model of one component.
        components: by name, as the index lists them.
        files: all that belongs to it, sorted by name; licences, cards and pictures do not.
        revision: 64 hex digits that name the content: SHA-256 over (name, size, SHA-256) of every file.
    """

    path: Path
    pipeline: str
    components: Mapping[str, Component]
    files: tuple[ModelFile, ...]
    revision: str

    @property
    def size_bytes(self) -> int:
        return sum(file.size for file in self.files)

    def component(self, name: str) -> Component:
        """Raises UsageError ``bad_model`` when the model has no component of that name."""
        if name not in self.components:
            raise bad_model(self.path, f"it has no {name or 'single component'}, only {', '.join(self.components)}")
        return self.components[name]


def open_model(path: str | os.PathLike[str], memory: Path | None = None, report: Report = quiet) -> ModelFolder:
    """Check the folder `path` and say what is in it.

    The first time every byte is read once, for `revision`: `report` hears of it and may raise to end it. The digests are remembered
    below `memory` (by default in the model store), so that later calls read headers only.

    Raises:
        ModelMissing: ``model_not_found`` when there is no such folder.
        UsageError: ``unsafe_weights`` (a pickle, code), ``damaged_weights``, ``bad_model`` (the layout is not one of the two, or a
            weight is missing).
    """
    folder = Path(path).absolute()
    if not folder.is_dir():
        raise ModelMissing(
            "model_not_found", f"There is no model folder {folder}.", "See what there is: keyfollow models list."
        )
    with reading(folder):
        files = check_files(folder)
        pipeline, components = layout(folder, files)
        digests = Digests(memory or paths().models / MEMORY, folder)
        try:
            revision = revision_of(_hashed(folder, files, digests, report))
        finally:
            digests.keep()
        return ModelFolder(folder, pipeline, components, files, revision)


def _hashed(folder: Path, files: Sequence[ModelFile], digests: Digests, report: Report) -> Iterator[tuple[str, int, str]]:
    before, total = 0, sum(file.size for file in files)
    for file in files:
        read = partial(_report_at, report, file.name, before, total)
        yield file.name, file.size, digests.sha256(folder / file.name, read)
        before += file.size


def _report_at(report: Report, name: str, before: int, total: int, read: int) -> None:
    report(name, before + read, total)


def revision_of(files: Iterable[tuple[str, int, str]]) -> str:
    """The name of a model's content, from (name, size, SHA-256) of each of its files."""
    return hashlib.sha256(canonical(sorted(list(file) for file in files))).hexdigest()


def check_files(folder: Path) -> tuple[ModelFile, ...]:
    """The files that make up the model in `folder`, each checked by content.

    Raises:
        UsageError: ``unsafe_weights``, ``damaged_weights``, ``bad_model``.
        OSError: a file cannot be read.
    """
    found = []
    for path in _walk(folder):
        name = path.relative_to(folder).as_posix()
        suffix = path.suffix.lower()
        if suffix in CODE:
            raise unsafe(path, f"is a {suffix} file")
        if suffix == SAFETENSORS:
            check_weights(path)
        else:
            with path.open("rb") as file:
                if (kind := code_inside(file.read(16))) is not None:
                    raise unsafe(path, f"is {kind}")
        if is_part(name):
            if suffix == ".json":
                read_json(path)
            found.append(ModelFile(name, path.stat().st_size))
    return tuple(sorted(found, key=lambda file: file.name))


def is_part(name: str) -> bool:
    """Whether a file of that name (POSIX, relative) is part of a model: weights, configurations, vocabularies.

    Texts at the top count only as JSON: a licence or a card says nothing about results.
    """
    path = PurePosixPath(name)
    if name == OURS or any(part.startswith(".") for part in path.parts):
        return False
    suffix = path.suffix.lower()
    if len(path.parts) == 1 and suffix == ".txt":
        return path.name in ("vocab.txt", "merges.txt")
    return suffix == SAFETENSORS or suffix in TEXTS


def read_json(path: Path) -> dict[str, Any]:
    """A configuration file. Raises UsageError ``bad_model``; OSError."""
    if path.stat().st_size > MAX_TEXT:
        raise bad_model(path, "it is too large for a configuration")
    try:
        data = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as e:
        raise bad_model(path, "it is not JSON") from e
    if not isinstance(data, dict):
        raise bad_model(path, "it is not a JSON object")
    return data


def bad_model(path: Path, why: str) -> UsageError:
    return UsageError(
        "bad_model",
        f"{path} is not a usable model: {why}.",
        "Give a folder as diffusers saves it: model_index.json and a folder per component, or config.json beside the weights.",
    )


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """Turn an OSError in the block, which reads below `folder`, into UsageError ``bad_model``."""
    try:
        yield
    except OSError as e:
        raise bad_model(folder, f"it cannot be read ({e.strerror or e})") from e


def _walk(folder: Path) -> Iterator[Path]:
    """Every file below `folder`; links to files are followed (a hub cache is made of them), links to folders are not."""
    count = 0
    for where, folders, names in os.walk(folder):
        below = Path(where)
        # a hub download leaves .cache beside the model, a clone .git
        folders[:] = [name for name in folders if not name.startswith(".")]
        if len(below.relative_to(folder).parts) > MAX_DEPTH:
            raise bad_model(folder, "its folders are nested too deeply")
        for name in sorted(names):
            count += 1
            if count > MAX_FILES:
                raise bad_model(folder, f"it has more than {MAX_FILES} files")
            path = below / name
            if not stat.S_ISREG(path.stat().st_mode):
                raise bad_model(path, "it is not a regular file")
            yield path


def layout(folder: Path, files: tuple[ModelFile, ...]) -> tuple[str, dict[str, Component]]:
    """The pipeline and the components of `folder`, which holds the checked `files`.

    Raises:
        UsageError: ``bad_model``.
    """
    if (folder / INDEX).is_file():
        index = read_json(folder / INDEX)
        pipeline = index.get("_class_name")
        if not isinstance(pipeline, str) or not pipeline.isidentifier():
            raise bad_model(folder / INDEX, "it does not name a pipeline")
        found = {name: _component(folder, name, value, files) for name, value in index.items() if _named(name, value)}
        if not found:
            raise bad_model(folder / INDEX, "it lists no components")
        return pipeline, found
    if not (folder / "config.json").is_file():
        raise bad_model(folder, f"it has neither {INDEX} nor config.json")
    weights = _weights(folder, "", files)
    if not weights:
        raise bad_model(folder, "it has no safetensors weights")
    config = read_json(folder / "config.json")
    if isinstance(named := config.get("_class_name"), str):
        return "", {"": Component("", "diffusers", named, folder, weights)}
    architectures = config.get("architectures")
    cls = architectures[0] if isinstance(architectures, list) and architectures else ""
    return "", {"": Component("", "transformers" if cls else "", str(cls), folder, weights)}


def _named(name: str, value: object) -> bool:
    """Whether an item of the index lists a component; ``[null, null]`` says that an optional one is absent."""
    return not name.startswith("_") and isinstance(value, list) and value != [None, None]


def _component(folder: Path, name: str, value: list[Any], files: tuple[ModelFile, ...]) -> Component:
    if len(value) != 2 or value[0] not in LIBRARIES or not isinstance(value[1], str) or not value[1].isidentifier():
        raise bad_model(folder / INDEX, f"{name} is {value!r:.80}, not a class of {' or '.join(LIBRARIES)}")
    if not name.isidentifier():
        raise bad_model(folder / INDEX, f"{name!a:.80} is not the name of a component")
    if not (folder / name).is_dir():
        raise bad_model(folder, f"its component {name} is missing")
    weights = _weights(folder, name, files)
    component = Component(name, value[0], value[1], folder / name, weights)
    # schedulers, tokenizers and processors have settings only; what has a config.json is a network
    if not weights and (folder / name / "config.json").is_file() and not value[1].endswith(("Scheduler", "Processor")):
        raise bad_model(folder / name, "it has no safetensors weights")
    return component


def _weights(folder: Path, name: str, files: tuple[ModelFile, ...]) -> tuple[Path, ...]:
    """A component's safetensors files; where an index of shards lists some, all of those are among them."""
    here = [PurePosixPath(file.name) for file in files if PurePosixPath(file.name).parent == PurePosixPath(name)]
    for path in here:
        if path.name.endswith(SHARDS):
            shards = read_json(folder / path).get("weight_map")
            if not isinstance(shards, dict) or not {path.with_name(str(shard)) for shard in shards.values()} <= set(here):
                raise bad_model(folder / path, "it lists weights that are missing")
    return tuple(folder / path for path in here if path.suffix == SAFETENSORS)
