#!/bin/sh
# Checks a definition on pull requests and publishes its manifests otherwise, in any CI system. It takes
# the place of Bedrock's build.sh and is told what to do by the same variables:
#
#   VERIFY_ONLY          1: check only, publish nothing
#   REPO                 the manifest repository, without user and token; https when no scheme is given
#   BRANCH_NAME          its branch, created if it is not there; main
#   ACCESS_TOKEN_SECRET  a token that may push there; without it, what git knows on this machine
#   COMMIT_MESSAGE       words for the commit, such as those of the definition's commit
#   FAB_ENVS             environments, divided by commas; each may be several configs: "dev,prod east"; prod
#   HLD_PATH             git address of the definition, when the pipeline is not in its repository
#   VERSION              version of hld that must be found
#
# and by these, which Bedrock did not have:
#
#   MANIFEST_PATH        folder of the manifest repository that holds the environments; its top
#   PREVIEW_BASE         commit or branch that a pull request is compared with; found for Azure Pipelines,
#                        GitHub Actions and GitLab
#   PREVIEW_POST         1: write the comment and the status on the pull request, unless it is from a fork
#   HLD_URL, HLD_SHA256  where hld is downloaded from, and its digest; without them hld is on the PATH
#
# Arguments go to `hld publish`: sh build.sh --dry-run. Secrets stand in the environment alone.
set -euf

fail() {
    printf 'build.sh: %s\n' "$1" >&2
    exit "${2:-2}"
}

# Everything that is made here goes away at the end.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The program: downloaded and compared with its digest, or from the PATH; of the version that is asked for.
find_hld() {
    if [ -n "${HLD_URL:-}" ]; then
        [ -n "${HLD_SHA256:-}" ] || fail 'HLD_SHA256 is required with HLD_URL'
        mkdir "$work/bin"
        curl --fail --silent --show-error --location --proto '=http,https' --output "$work/bin/hld" -- "$HLD_URL" ||
            fail 'the program at HLD_URL can not be downloaded' 4
        printf '%s  %s\n' "$HLD_SHA256" "$work/bin/hld" | sha256sum -c - >/dev/null 2>&1 ||
            fail 'the program at HLD_URL is another one: its digest is not HLD_SHA256' 3
        chmod 755 "$work/bin/hld"
        PATH="$work/bin:$PATH"
    fi
    command -v hld >/dev/null || fail 'there is no hld: put it on the PATH, or set HLD_URL and HLD_SHA256'
    found=$(hld version)
    if [ -n "${VERSION:-}" ] && [ "$found" != "hld $VERSION" ]; then
        fail "VERSION is $VERSION, and this is $found"
    fi
}

# The folder of the definition: this one, or a clone.
find_definition() {
    definition=.
    if [ -n "${HLD_PATH:-}" ]; then
        definition="$work/definition"
        GIT_TERMINAL_PROMPT=0 git clone --quiet -- "$HLD_PATH" "$definition" ||
            fail 'the definition at HLD_PATH can not be cloned' 4
    fi
    # What is locked is used as it is; a source that was forgotten in the lock file is an error.
    locked=
    [ ! -f "$definition/hld.lock" ] || locked=--locked
}

# What a pull request is compared with; nothing where there is none.
preview_base() {
    target=${SYSTEM_PULLREQUEST_TARGETBRANCH:-${GITHUB_BASE_REF:-${CI_MERGE_REQUEST_TARGET_BRANCH_NAME:-}}}
    target=${target#refs/heads/}
    printf '%s' "${PREVIEW_BASE:-${target:+origin/$target}}"
}

# Bedrock only compiled; hld looks at every object as well, and shows what changes. The comment on the pull
# request tells of a failed gate, too: one failure does not keep the other from being seen.
verify() {
    form=text
    [ -z "${TF_BUILD:-}" ] || form=azure
    [ -z "${GITHUB_ACTIONS:-}" ] || form=github
    failed=0
    hld -C "$definition" validate "$@" $locked --format "$form" || failed=$?
    base=$(preview_base)
    if [ -n "$base" ] && [ -z "${HLD_PATH:-}" ]; then
        if [ "${PREVIEW_POST:-}" = 1 ] && [ "${SYSTEM_PULLREQUEST_ISFORK:-}" != True ]; then
            set -- "$@" --post
        fi
        hld preview --base "$base" "$@" --gate || failed=$?
    fi
    return "$failed"
}

# Where hld looks for the token of a host: HLD_TOKEN_DEV_AZURE_COM.
name_token() {
    authority=${REPO#*://}
    authority=${authority%%/*}
    host=${authority%:*}
    port=${authority#"$host"}
    case $REPO in http://*) port=${port:-:80} ;; esac
    name=$(printf '%s' "$host" | tr 'a-z' 'A-Z' | sed 's/-/__/g; s/\./_/g')
    case $name in
        '' | *[!A-Z0-9_]*) fail 'REPO is no address of a host' ;;
    esac
    case $port in
        '' | :443) ;;
        :*[!0-9]*) fail 'REPO is no address of a host' ;;
        *) name="${name}_PORT_${port#:}" ;;
    esac
    export "HLD_TOKEN_$name=$ACCESS_TOKEN_SECRET"
}

publish() {
    [ -n "${REPO:-}" ] || fail 'REPO is required: the address of the manifest repository'
    case $REPO in
        ssh://*) ;;
        *://*@*) fail 'REPO has a user or a token in it: set ACCESS_TOKEN_SECRET' ;;
        *://* | *@*:* | /* | ./* | ../*) ;;
        *) REPO="https://$REPO" ;;
    esac
    case $REPO in
        https://* | http://*) [ -z "${ACCESS_TOKEN_SECRET:-}" ] || name_token ;;
    esac
    if [ -n "${COMMIT_MESSAGE:-}" ]; then
        set -- "$@" --message "Updated k8s manifest files post commit: $COMMIT_MESSAGE"
    fi
    if [ -n "${MANIFEST_PATH:-}" ]; then
        set -- "$@" --path "$MANIFEST_PATH"
    fi
    hld -C "$definition" publish "$@" $locked --to "$REPO" --branch "${BRANCH_NAME:-main}" --create-branch
}

# `dev,prod east` as arguments of hld, behind those that were given.
n_given=$#
old_ifs=$IFS
IFS=,
for environment in ${FAB_ENVS:-prod}; do
    case $environment in
        *[!\ ]*) set -- "$@" --env "$environment" ;;
    esac
done
IFS=$old_ifs

find_hld
find_definition
if [ "${VERIFY_ONLY:-}" = 1 ]; then
    shift "$n_given"
    verify "$@"
else
    publish "$@"
fi
