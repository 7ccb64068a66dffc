"""What headend costs beside the least that the same work could cost, both in the same run. (`make bench`)

docs/performance.md says how to read it.
"""

from __future__ import annotations

import argparse

from phases import PHASES, floor, headend, live
from runs import Cost, platforms
from stacks import SORTS

_SIZES = {"ateme.input": (1000, 10_000)}
_HEAD = f"{'':26} {'seconds':>15} {'ratio':>6}  {'CPU s':>13}  {'MiB':>9}  requests"


def show(phase: str, cost: Cost | None, least: Cost) -> str:
    if cost is None:
        return f"  {phase:24} {'-':>7} / {least.seconds:5.2f}"
    over = ">" if cost.late else " "
    return (
        f"  {phase:24} {over}{cost.seconds:6.2f} / {least.seconds:5.2f} {over}{cost.seconds / least.seconds:5.2f}"
        f"  {cost.cpu:6.2f} / {least.cpu:4.2f}  {cost.mib:4.0f} / {least.mib:2.0f}"
        f"  {cost.requests:,} / {least.requests:,}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--only", metavar="KIND,KIND", help="these kinds")
    parser.add_argument("--sizes", metavar="N,N", help="numbers of objects")
    parser.add_argument("--plans", type=int, default=3, help="plans to make, of which the fastest counts")
    given = parser.parse_args()
    sizes = tuple(int(size) for size in given.sizes.split(",")) if given.sizes else None
    with platforms() as simulated:
        print(_HEAD)
        for kind in given.only.split(",") if given.only else SORTS:
            for size in sizes or _SIZES.get(kind, (1000,)):
                print(f"{kind}, N = {size:,}", flush=True)
                least = live(floor(), kind, size, simulated, {}, given.plans)
                costs = live(headend(), kind, size, simulated, least, given.plans)
                for phase in PHASES:
                    print(show(phase, costs.get(phase), least[phase]), flush=True)


if __name__ == "__main__":
    main()
