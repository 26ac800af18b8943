# Experiments: one rule per job of the plan, named run_<experiment>_<family or run>.
# Data and weights are told by their content, which is pinned and among the values; when a file was written tells nothing.

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
        return ["--results", results, "--data-root", data]

    return options


def device(wildcards, resources):
    """Where runs compute. Of what functions make of resources no note is taken, so that another device makes nothing due."""
    return DEVICE


def values_of(job):
    """All values that decide the results of a job's runs, put together only when they are asked for."""
    return lambda: job_values(SETUP, job)


def memory_for(job):
    """Memory to ask for, more with every try; where Snakemake was given a number of jobs it submits them."""
    return lambda wildcards, attempt: memory_mib(job, DEVICE, attempt, submitted=workflow.nodes is not None)


for _job in JOBS:

    rule:
        name:
            _job.slug
        input:
            data=ancient([f"{DATA}/{path}" for path in files_for(_job)]),
            weights=ancient([f"{DATA}/{BROUGHT[name]}" for name in _job.weights]),
            records=[f"{OUT}/{path}" for path in _job.inputs],
        output:
            [f"{OUT}/{path}" for path in _job.outputs],
        params:
            code=INGREDIENTS.of_code(*_job.code),
            values=INGREDIENTS.stand_for(_job.digest, "values", values_of(_job)),
            experiment=_job.experiment,
            which=_job.name,
            tier=tier,
            folders=folders_of(_job),
            device=device,
        log:
            f"{OUT}/logs/run/{_job.experiment}/{_job.name}.log",
        threads: SETUP.tier.threads
        priority: 2 if AWAITED & set(_job.outputs) else 1
        retries: tries_when_cut_off(runtime_minutes(_job, DEVICE), LONGEST)
        resources:
            gpu=int(device_of(_job, DEVICE) == "cuda"),
            gpu_model=GPU_MODEL if device_of(_job, DEVICE) == "cuda" else None,
            mem_mb=memory_for(_job),
            disk_mb=disk_mb(_job),
            runtime=min(runtime_minutes(_job, DEVICE), LONGEST),
        shell:
            "OMP_NUM_THREADS={threads} interplay run {params.experiment:q} --run {params.which:q} {params.tier:q} "
            "{params.folders:q} --device {params.device:q} --threads {threads} > {log:q} 2>&1"
