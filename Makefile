# What there is to do, one target each; `make` lists them. Everything but `container` needs only Python 3.11, git and make.

TIER ?= smoke
DATA ?=
CORES ?=
SET ?=
DEVICE ?=
ENGINE ?= docker
PROFILE ?=
EXTRAS ?=
RESULTS ?= $(CURDIR)/results

# What is given is text. `$(TIER)` in a recipe would be pasted into the shell's text, and make itself would run a
# `$(shell ...)` in it: so every given value is taken as it stands, and recipes read it from their environment, "$$TIER".
GIVEN = TIER DATA CORES SET DEVICE ENGINE RESULTS ID PROFILE EXTRAS UPGRADE BUILD_FLAGS FLAGS
$(foreach name,$(GIVEN) PYTHON,$(if $(filter environment,$(origin $(name))),$(eval override $(name) := $$(value $(name)))))
$(foreach name,$(.VARIABLES),$(if $(filter command,$(origin $(name))),$(eval override $(name) := $$(value $(name)))))
export $(GIVEN)

# The first Python that can carry the environment; any other with PYTHON=/path/to/python3.11.
CAN_CARRY = import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell unset PYTHONHOME PYTHONPATH; for python in python3.11 python3.12 python3.13 python3; do \
	$$python -c '$(CAN_CARRY)' 2>/dev/null && echo $$python && break; done)

# Rules and tests call `interplay`, `dvc` and the rest by name; the environment need not be activated.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# What would lead Python to other packages than those of the environment.
unexport PYTHONHOME PYTHONPATH PYTHONUSERBASE
REPRODUCE = exec python workflow/reproduce.py --tier="$$TIER" --data="$$DATA" --cores="$$CORES" \
	--set="$$SET" --device="$$DEVICE" --profile="$$PROFILE"

.PHONY: help setup doctor reproduce figure table claim plan controls test lint benchmarks lock audit sbom container \
	smoke-in-container clean clean-results

help:  ## this list
	@echo 'make TARGET [TIER=smoke|review|paper] [DATA=offline|published] [CORES=n] [PYTHON=python3.11]'
	@echo '            [DEVICE=cpu|cuda|cuda:N|auto] [SET="experiment.path.to.key=value ..."]'
	@echo '            [PROFILE=profiles/slurm] [EXTRAS=clusters]'
	@sed -n 's/^\([a-z-]*\):.*  ## \(.*\)/  \1 - \2/p' $(firstword $(MAKEFILE_LIST))

setup: export FIRST_PYTHON = $(PYTHON)
setup:  ## environment in .venv from the hash-pinned locks (the targets below do it by themselves)
	@test -n "$$FIRST_PYTHON" || { echo 'error: no Python 3.11 to 3.13 with venv found; give one with PYTHON=' >&2; exit 2; }
	@"$$FIRST_PYTHON" envs/install.py $${EXTRAS:+"--extra=$$EXTRAS"} \
		$$(grep -qs '^executor:' "$$PROFILE/config.yaml" && echo --extra=clusters)  # a profile that submits jobs needs it

doctor: setup  ## can this machine do what TIER asks, and if not, what to mend; FLAGS=--online asks the sources of data
	@interplay doctor --tier="$$TIER" $${DATA:+"--data=$$DATA"} $${DEVICE:+"--device=$$DEVICE"} $$FLAGS

reproduce: setup  ## everything: data, experiments, figures, tables, verdicts, report; goes on where it stopped
	@$(REPRODUCE)

figure: setup  ## one figure and what it needs, e.g. ID=metrics24/fig2
	@$(REPRODUCE) --figure="$$ID"

table: setup  ## one table and what it needs, e.g. ID=metrics24/table3
	@$(REPRODUCE) --table="$$ID"

claim: setup  ## the verdict on one claim and what it needs, e.g. ID=metrics24_theorem_iv4
	@$(REPRODUCE) --claim="$$ID"

plan: setup  ## what would run, why and what it costs, without running it; ID=<figure, table or claim>, or everything
	@exec python workflow/plan.py --tier="$$TIER" --data="$$DATA" --cores="$$CORES" --set="$$SET" --device="$$DEVICE" \
		--id="$$ID"

controls: setup  ## negative controls of a tier: run them, and put every claim to them
	@exec python workflow/controls.py --tier="$$TIER" --cores="$$CORES" --device="$$DEVICE"

test: setup lint  ## style, types, layers, workflow and all tests
	@pytest
	@echo 'make test: everything passed'

lint: setup  ## style, types, layers and workflow without the tests
	ruff check .
	ruff format --check benchmarks envs src tests workflow
	mypy
	lint-imports
	snakemake --lint

benchmarks: setup  ## measure the pipeline's speed on this machine
	@python benchmarks/pipeline.py

lock: setup  ## resolve the locks anew after a change of dependencies; UPGRADE=--upgrade takes newer versions
	@envs/lock.sh $$UPGRADE

audit: setup  ## ask whether a package of the locks has a known vulnerability (needs PyPI or OSV)
	@exec python envs/audit.py

sbom: setup  ## what is installed, with versions and licences, as CycloneDX in sbom.cdx.json
	@exec cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --validate --output-file sbom.cdx.json
	@echo sbom.cdx.json

container:  ## build the image `interplay` (ENGINE=docker or podman)
	"$$ENGINE" build --build-arg INTERPLAY_GIT_COMMIT=$$(git rev-parse HEAD) $$BUILD_FLAGS --tag interplay .

smoke-in-container: container  ## the smoke tier inside the image; writes RESULTS (default: results) as yourself
	mkdir -p -- "$$RESULTS"
	"$$ENGINE" run --rm --init --network none --user $$(id -u):$$(id -g) --volume "$$RESULTS:/interplay/results" interplay

clean:  ## remove .venv and tool caches; data, checkpoints and results stay
	rm -rf .venv .cache .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

clean-results:  ## remove the results of TIER; data and results/reference stay
	@python3 -c 'import glob, os, sys; own = [name[13:-5] for name in glob.glob("config/tiers/*.yaml")]; \
		sys.exit(os.environ["TIER"] not in ("smoke", "review", "paper", *own))' || { echo 'error: unknown TIER' >&2; exit 2; }
	rm -rf "results/$$TIER" "results/$$TIER-offline" "results/$$TIER-published"
