# Experiments: one rule per job of the plan, named run_<experiment>_<family or run>.

# Jobs that others wait for come first, and fetching before them.
AWAITED = {path for job in JOBS for path in job.inputs}

for _job in JOBS:

    rule:
        name:
            _job.slug
        input:
            data=sorted({f"{DATA}/{path}" for name in _job.datasets for path in FILES[name]}),
            weights=[f"{DATA}/{BROUGHT[name]}" for name in _job.weights],
            records=[f"{OUT}/{path}" for path in _job.inputs],
        output:
            [f"{OUT}/{path}" for path in _job.outputs],
        params:
            digest=_job.digest,
            experiment=_job.experiment,
            which=_job.name,
            tier=TIER,
            folders=folders,
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
