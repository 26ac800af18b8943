# What the image starts with: the command given, after a look at the folder of results.
results=/interplay/results
if [ ! -w $results ]; then
    case "$*" in *reproduce*)
        echo "error: user $(id -u) may not write to the folder that is mounted at $results; add --user \$(id -u):\$(id -g)" >&2
        exit 2
    esac
elif [ ! -e $results/reference ]; then
    # A mounted folder hides the committed runs of larger scale, which figures show beside those made here.
    copy=$(mktemp -d $results/.reference.XXXXXX) && cp -r /interplay/.cache/reference "$copy"
    mv -T "$copy/reference" $results/reference 2>/dev/null  # or another container of the same folder was first
    rm -rf "$copy"
fi
exec "$@"
