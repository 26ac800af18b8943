# The DAG: protocols -> experiments -> records -> figures, tables, verdicts -> report.
# Every rule is one call of the `interplay` command line; what it does can be done by hand with the same words.
# The plan (which runs, records, figures there are) comes from `interplay.protocols`; nothing is decided here.
#
#   snakemake --config tier=review data=offline           everything at another tier
#   snakemake <rule>                                       one figure, table, claim or job; `snakemake --list` names them


# One image for all rules; without `--sdm apptainer` the active environment is used.
containerized: "docker://interplay:latest"


include: "workflow/rules/plan.smk"


include: "workflow/rules/metrics.smk"
include: "workflow/rules/exhibits.smk"


localrules:
    all,
    records,


# What only others read is named too: Snakemake makes a file that is gone anew where it is asked for, not where it was read.
rule all:
    input:
        RECORDS,
        EXHIBITS,
        METRICS,
        f"{OUT}/verdicts.json",
        f"{OUT}/report/index.html",
        f"{OUT}/report/appendix.md",
    default_target: True


# The runs alone, without figures, tables, verdicts and report.
rule records:
    input:
        RECORDS,


include: "workflow/rules/data.smk"
include: "workflow/rules/experiments.smk"
include: "workflow/rules/evidence.smk"
include: "workflow/rules/report.smk"
