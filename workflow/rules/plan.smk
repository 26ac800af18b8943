# What there is to do, read from the typed configuration. A wrong key stops here, before anything runs.

import re
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

from interplay.errors import InterplayError
from interplay.protocols.claim_files import load_claims
from interplay.protocols.datasets import DATASETS, files_of
from interplay.protocols.catalogue import load_catalogue
from interplay.protocols.experiments import experiments
from interplay.protocols.forecast import (
    FETCHING_MIB,
    READING_MIB,
    READING_MINUTES,
    device_of,
    disk_mb,
    fetching_minutes,
    memory_mib,
    runtime_minutes,
    tries_when_cut_off,
)
from interplay.protocols.plan import job_values, matching, plan_jobs, records_by_name
from interplay.protocols.setup import load_setup
from interplay.protocols.sourced import read_yaml
from interplay.protocols.weights import WEIGHTS, fetched_mark
from interplay.records import select_records, text_digest, visible_files
from interplay.records.ingredients import Ingredients
from interplay.records.selection import folders_beside, record_files
from interplay.report.artifact_data import origins

CONFIG = Path(config.get("config", "config"))
DATA = str(Path(config.get("data_root", "data")))  # as the scripts name what lies in it
# Overrides of the user's own: `--config 'set=["supervised.iterations=100", "grokking.seeds=[0]"]'`.
CHOSEN = [config["set"]] if isinstance(config.get("set"), str) else config.get("set", [])
try:
    SETUP = load_setup(CONFIG, config.get("tier", "smoke"), config.get("data"), CHOSEN)
    JOBS = plan_jobs(SETUP)
    CATALOGUE = load_catalogue(CONFIG)
    CLAIMS = load_claims(CONFIG / "claims")
except InterplayError as error:
    raise WorkflowError(str(error)) from None

ROOT = config.get("results", "results")
for _folder in (CONFIG, DATA, ROOT):
    if re.search(r"[{}\x00-\x1f]", str(_folder)):
        raise WorkflowError(f"{_folder!s:.100}: braces, which are wildcards of Snakemake, or a control sign; rename it")
OUT = f"{ROOT}/{SETUP.folder}"
DEVICE = config.get("device", SETUP.tier.compute.device)
# Minutes that a job may ask for at most, on a cluster with limits; what takes longer is submitted again and goes on.
LONGEST = config.get("longest", sys.maxsize)
if not isinstance(LONGEST, int) or LONGEST < 1:
    raise WorkflowError(f"longest={LONGEST} is no number of minutes; give a whole number from 1 up")
# The kind of card that a cluster is asked for; of no use as a default resource, with which Slurm gives all jobs a card.
GPU_MODEL = str(config["gpu_model"]) if "gpu_model" in config else None
# Where the files lie that a data set is read from, its own and those of sets that it is made of, and what marks weights
# that were brought; the others are made on the fly.
FILES = {name: files_of(info) for name, info in DATASETS.items()}
# Of sets that share their files, one is fetched.
FETCHING = [info.name for info in DATASETS.values() if info.pinned and not info.permuted_from]
BROUGHT = {name: fetched_mark(name) for name in WEIGHTS}
RECORDS = [f"{OUT}/{path}" for job in JOBS for path in job.outputs if path.startswith("records/")]


def depth(path):
    """How many folders and files a path is made of."""
    return len(Path(path).parts)


# Parameters that are functions: in any other Snakemake takes braces, as overrides may have them, for wildcards.
def tier(wildcards):
    """Options that name tier, data mapping, configuration and overrides."""
    return ["--tier", SETUP.tier_name, "--data", SETUP.data_name, "--config", CONFIG, *(f"--set={one}" for one in CHOSEN)]


# The digests that are parameters of rules, and what each is of, so that `make plan` can name what changed.
INGREDIENTS = Ingredients()


onstart:
    INGREDIENTS.keep()


RECORD_NAMES = records_by_name(JOBS)


def records_for(selectors):
    """Records that the plan makes and one of the globs names."""
    return [f"{OUT}/{path}" for path in matching(RECORD_NAMES, selectors)]


def digest_of_config(kind, *names):
    """Digest of what files or folders below the configuration say; comments and layout say nothing."""
    found = [path for name in names for path in visible_files(CONFIG / name, "**/*.yaml")]
    found += [CONFIG / name for name in names if (CONFIG / name).is_file()]
    parts = {f"file {path}": INGREDIENTS.of_values("content", read_yaml(path)) for path in found}
    return INGREDIENTS.digest(kind, parts)


CLAIM_DIGESTS = {one.id: INGREDIENTS.of_values("claim", one.model_dump(mode="json")) for one in CLAIMS}
PUBLISHED = digest_of_config("published", "published")
TITLES = INGREDIENTS.of_values("titles", {name: title for name, (title, *_) in origins().items()})


def digest_of_claims(claims):
    """Digest of some claims."""
    return INGREDIENTS.digest("claims", {f"claim {one.id}": CLAIM_DIGESTS[one.id] for one in claims})


def digest_of_levels():
    """Digest of the records of all other results at hand, on which claims are judged too."""
    try:
        found = [path for folder in folders_beside(Path(OUT)) for path in record_files(folder)]
    except InterplayError as error:
        raise WorkflowError(str(error)) from None
    return INGREDIENTS.digest("levels", {f"record {path}": text_digest(path.read_bytes()) for path in sorted(found)})


LEVELS = digest_of_levels()


wildcard_constraints:
    dataset="[a-z0-9-]+",
