# Experiments: one rule per job of the plan, named run_<experiment>_<family or run>.

# Jobs that others wait for come first, and fetching before them.
AWAITED = {path for job in JOBS for path in job.inputs}


def files_for(job):
    """Files that a job reads, below the folder of data sets."""
    return sorted({path for name in job.datasets for path in FILES[name]})


def folders_of(job):
    """Options that name the folders of results and data, from where a job's files are: staged, they lie elsewhere."""

    def options(wildcards, input, output):
        results = Path(output[0]).parents[depth(f"{SETUP.folder}/{job.outputs[0]}") - 1]
        files = files_for(job)
        data = Path(input.data[0]).parents[depth(files[0]) - 1] if files else DATA
        return f"--results {results} --data-root {data}"

    return options


for _job in JOBS:

    rule:
        name:
            _job.slug
        input:
            data=[f"{DATA}/{path}" for path in files_for(_job)],
            weights=[f"{DATA}/{BROUGHT[name]}" for name in _job.weights],
            records=[f"{OUT}/{path}" for path in _job.inputs],
        output:
            [f"{OUT}/{path}" for path in _job.outputs],
        params:
            digest=_job.digest,
            experiment=_job.experiment,
            which=_job.name,
            tier=TIER,
            folders=folders_of(_job),
            device=DEVICE,
        log:
            f"{OUT}/logs/run/{_job.experiment}/{_job.name}.log",
        threads: SETUP.tier.threads
        priority: 2 if AWAITED & set(_job.outputs) else 1
        retries: tries_when_cut_off(runtime_minutes(_job, DEVICE), LONGEST)
        resources:
            gpu=int(device_of(_job, DEVICE) == "cuda"),
            mem_mb=memory_mib(_job, DEVICE),
            runtime=min(runtime_minutes(_job, DEVICE), LONGEST),
        shell:
            "OMP_NUM_THREADS={threads} interplay run {params.experiment} --run '{params.which}' {params.tier} "
            "{params.folders} --device {params.device} --threads {threads} > {log} 2>&1"
