"""The data sets: a new module here that exports a `DATASET` is a new one, or a family of them. No torch in here."""

from interplay.protocols.assets import DatasetInfo
from interplay.protocols.registry import Registry
from interplay.records import Record

DATASETS: Registry[DatasetInfo] = Registry(__name__, "DATASET", DatasetInfo, "data set")
dataset_info = DATASETS.info


def files_of(info: DatasetInfo) -> tuple[str, ...]:
    """Paths below the data folder of what a set is read from: its own files, and those of sets that it is made of."""
    own = (info.pinned.path,) if info.pinned else ()
    return own + tuple(path for name in info.drawn_from for path in files_of(DATASETS[name]))


def dataset_label(record: Record) -> str:
    """`CIFAR-10`, or `Fashion-MNIST (for CIFAR-10)` where another data set takes its place."""
    published = record.dataset or ""
    used = record.dataset_used or published  # a run that reads no data takes nobody's place
    return _title(used) if published == used else f"{_title(used)} (for {_title(published)})"


def _title(name: str) -> str:
    return DATASETS[name].title if name in DATASETS else name
