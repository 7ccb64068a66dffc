#!/usr/bin/env bash
# Installs a wheel into an environment of its own, without any extra, and takes a stack through its life with it.
set -euo pipefail
wheel=$(realpath "$1")
tree=$(realpath "$(dirname "$0")/..")
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
cd "$home"
"$tree/.venv/bin/uv" venv --quiet --python "$tree/.venv/bin/python" env
"$tree/.venv/bin/uv" pip install --quiet --python env/bin/python --constraint "$tree/requirements.lock" "$wheel"
export PATH="$home/env/bin:$PATH"
headend --version
cp "$tree/stacks/demo.yaml" .
headend validate demo.yaml
headend apply demo.yaml --simulator --yes > applying 2>&1 || { cat applying; exit 1; }
headend plan demo.yaml --simulator | tail -1
headend plan demo.yaml --simulator --report html=plan.html > plan.txt
headend graph demo.yaml --simulator > graph.txt
headend destroy demo.yaml --simulator --yes > destroying 2>&1 || { cat destroying; exit 1; }
if "$home/env/bin/python" -c 'import pulumi' 2> pulumi.txt; then
    echo "Pulumi came along, and nobody asked for it" >&2
    exit 1
fi
size=$(du -s --apparent-size --block-size=1000000 --exclude __pycache__ env/lib/python3*/site-packages | cut -f1)
echo "installed: $size MB"
[ "$size" -lt 60 ]
