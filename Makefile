# What there is to do, one target each; `make` lists them. Everything but containers needs only Python 3.11, git and make.

TIER ?= smoke
DATA ?=
CORES ?=
SET ?=
DEVICE ?=
ENGINE ?= docker
PROFILE ?=
EXTRAS ?=
RESULTS ?= results/container
REMOTE ?=
LEVEL ?= all
FORCE ?=
OUTPUT ?=

# What is given is text. `$(TIER)` in a recipe would be pasted into the shell's text, and make itself would run a
# `$(shell ...)` in it: so every given value is taken as it stands, and recipes read it from their environment, "$$TIER".
GIVEN = TIER DATA CORES SET DEVICE ENGINE RESULTS ID PROFILE EXTRAS UPGRADE BUILD_FLAGS FLAGS REMOTE LEVEL FORCE OUTPUT \
	BASE CA PIP_CONF SOURCE
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
ARCHIVE = exec python workflow/archive.py --tier="$$TIER" --data="$$DATA" --cores="$$CORES" --set="$$SET" \
	--device="$$DEVICE" --profile="$$PROFILE" --remote="$$REMOTE" --level="$$LEVEL" --force="$$FORCE"
# An image of this commit; certificates and settings of pip go in as secrets, of which no layer keeps anything. SOURCE is
# where the code is published, by itself only an address without names and passwords.
BUILD = DOCKER_BUILDKIT=1 "$$ENGINE" build $$BUILD_FLAGS $${BASE:+--build-arg=BASE="$$BASE"} \
	$${CA:+--secret=id=ca,src="$$CA"} $${PIP_CONF:+--secret=id=pip,src="$$PIP_CONF"} \
	--build-arg INTERPLAY_GIT_COMMIT=$$(git describe --always --abbrev=40 --exclude='*' --dirty) \
	--build-arg CREATED=$$(git show --no-patch --format=%cI) \
	--build-arg SOURCE="$${SOURCE:-$$(git remote get-url origin 2>/dev/null | grep -E '^https://[^@]+$$')}"

.PHONY: help setup doctor reproduce figure table claim plan publish restore export controls test lint benchmarks lock \
	audit sbom container container-layers smoke-in-container container-tests test-in-container sif clean clean-results

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

doctor: setup  ## can this machine do what TIER asks, and if not, what to mend; FLAGS=--offline asks no source of data
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
		--profile="$$PROFILE" --id="$$ID"

publish: setup  ## send the results of TIER to REMOTE=<url, folder or name> of DVC, and write the pin to commit
	@$(ARCHIVE) publish

restore: setup  ## bring published results of TIER, verified: LEVEL=records|checkpoints|all, FORCE=1 replaces yours
	@$(ARCHIVE) restore

export: setup  ## pack the results of TIER into one archive with an RO-Crate; OUTPUT=results/TIER.zip, FORCE=1
	@$(ARCHIVE) --output="$$OUTPUT" export

controls: setup  ## negative controls of a tier: run them, and put every claim to them
	@exec python workflow/controls.py --tier="$$TIER" --data="$$DATA" --cores="$$CORES" --set="$$SET" --device="$$DEVICE" \
		--profile="$$PROFILE"

test: setup lint  ## style, types, layers, workflow and all tests, on as many cores as there are up to four
	@pytest --numprocesses="$${CORES:-auto}" --dist=loadfile
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

sbom: setup  ## what .venv holds, with versions and licences, as CycloneDX in OUTPUT (default: sbom.cdx.json)
	@cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --validate \
		--output-file="$${OUTPUT:-sbom.cdx.json}" && printf '%s\n' "$${OUTPUT:-sbom.cdx.json}"

container:  ## build the image `interplay` (ENGINE=docker or podman, BASE=image, CA=bundle.crt, PIP_CONF=pip.conf)
	$(BUILD) --tag interplay .

container-layers:  ## what the image's layers and the largest packages of its environment weigh
	@"$$ENGINE" history --format '{{.Size}}\t{{.CreatedBy}}' interplay | cut -c 1-120
	@"$$ENGINE" run --rm --network none interplay sh -c \
		'du -sh .venv/lib/python3.*/site-packages/* | sort -rh | head -n 12'

# Docker takes a relative path for the name of a volume. Podman without root gives the user another number by itself,
# and where there is SELinux, containers see nothing of folders without a label.
smoke-in-container: container  ## the smoke tier inside the image; writes RESULTS (default: results/container) as yourself
	mkdir -p -- "$$RESULTS"
	"$$ENGINE" run --rm --init --network none --user $$(id -u):$$(id -g) $$(case "$$ENGINE" in (*podman) \
		[ $$(id -u) = 0 ] || echo --userns=keep-id; echo --security-opt=label=disable; esac) \
		--volume "$$(realpath -- "$$RESULTS"):/interplay/results" interplay

container-tests:  ## the same image with the tests, `interplay:test`
	$(BUILD) --target test --tag interplay:test .

test-in-container: container-tests  ## `make test` inside that image, without network
	"$$ENGINE" run --rm --init --network none interplay:test make test

sif:  ## the image for clusters that run Apptainer, interplay.sif; `snakemake --sdm apptainer` uses it
	apptainer build interplay.sif envs/interplay.def

# What .cache/reproduce.* says, who is at work and whether jobs were left on a cluster, is no cache.
clean:  ## remove .venv and tool caches; data, checkpoints and results stay
	rm -rf .venv || [ -z "$$(ls -A .venv)" ]  # in a development container it is a volume, which stays, empty
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	if [ -d .cache ]; then find .cache -mindepth 1 -maxdepth 1 ! -name 'reproduce.*' -exec rm -rf {} +; fi

clean-results:  ## remove the results of TIER, on all data and with SET too; data and results/reference stay
	@python3 -c 'import glob, os, re, shutil, sys; \
		named = lambda kind: {os.path.basename(path)[:-5] for path in glob.glob(f"config/{kind}/*.yaml")}; \
		tier, tiers = os.environ["TIER"], {"smoke", "review", "paper"} | named("tiers"); \
		tier in tiers or (print("error: unknown TIER", file=sys.stderr), sys.exit(2)); \
		data = "|".join(map(re.escape, {"offline", "published"} | named("data"))); \
		own = re.compile(f"{re.escape(tier)}(-({data}))?([+][0-9a-f]{{8}})?"); \
		there = os.listdir("results") if os.path.isdir("results") else []; \
		gone = [name for name in there if own.fullmatch(name) and name.partition("+")[0] not in tiers - {tier}]; \
		[(os.unlink if os.path.islink(path) else shutil.rmtree)(path) for path in (f"results/{name}" for name in gone)]'
