#!/usr/bin/env bash
# The life of a match day against simulated platforms, in a folder of its own.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
PATH="$root/.venv/bin:$PATH"
stack="$root/stacks/demo.yaml"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export HEADEND_STATE="$work/.headend/"

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
expect() { # expect CODE COMMAND...: runs the command and insists on its exit code
    local code=$1 got=0
    shift
    say "\$ headend $*"
    headend "$@" || got=$?
    [ "$got" -eq "$code" ] || { echo "expected exit $code, got $got" >&2; exit 1; }
}

expect 0 validate "$stack"
expect 2 plan "$stack" --simulator
expect 0 apply "$stack" --simulator --yes
say "A second plan finds nothing to do"
expect 0 plan "$stack" --simulator
say "Somebody renames the goal replay behind headend's back"
sed -i.before 's/"Goal replay"/"Own goal"/g' .headend/*.world.json
expect 2 drift "$stack" --simulator
expect 0 apply "$stack" --simulator --yes
expect 0 drift "$stack" --simulator
say "Go on by hand, in $root:"
cat <<EOF
  export PATH="$root/.venv/bin:\$PATH"
  headend plan stacks/demo.yaml --simulator
Or with Pulumi: "headend simulate" in another terminal prints export lines; with these set, in stacks/:
  pulumi stack init demo && pulumi up
EOF
