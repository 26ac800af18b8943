# What the image starts with: the command given, after a look at the folder of results.
results=/interplay/results own=/interplay/.cache/reference there=/interplay/results/reference

# One digest of all files of a folder.
digest() { (cd "$1" && find . -type f ! -path ./.digest -exec sha256sum {} + | LC_ALL=C sort | sha256sum); }

# A mounted folder hides the committed runs of larger scale, which figures show beside those made here. It gets a copy
# where it has none, or one that an earlier image left and nobody changed; a checkout's own bears no digest.
reference_is_due() {
    [ -e $there ] || return 0
    noted=$(cat $there/.digest 2>/dev/null) && [ "$noted" != "$(digest $own)" ] && [ "$noted" = "$(digest $there)" ]
}

# Whole or not at all.
copy_reference() {
    copy=$(mktemp -d $results/.reference.XXXXXX) || return
    cp -r $own "$copy/reference" && digest "$copy/reference" >"$copy/reference/.digest" \
        && { [ ! -e $there ] || mv -T $there "$copy/earlier"; } \
        && { mv -T "$copy/reference" $there || [ -e $there/.digest ]; } # or another container of the folder was first
    copied=$?
    rm -rf "$copy"
    return $copied
}

if [ ! -w $results ]; then
    case "$*" in make\ * | *workflow/* | snakemake\ *)
        echo "error: user $(id -u) may not write to the folder that is mounted at $results; add --user \$(id -u):\$(id -g)," \
            "with Podman --userns=keep-id --security-opt=label=disable as well" >&2
        exit 2
    esac
# Snakemake's notes on what made each file stay with the files: /interplay/.snakemake leads to those in the folder.
elif ! said=$({ mkdir -p $results/.snakemake && { ! reference_is_due || copy_reference; }; } 2>&1); then
    echo "error: the folder mounted at $results cannot be made ready; mend this and start again: $(echo "$said" | head -n 1)" >&2
    exit 2
fi
exec "$@"
