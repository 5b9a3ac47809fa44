"""Runs a program of a package: `python3 /usr/local/lib/emqx-haproxy balancer.tickets`."""

import runpy
import sys

if len(sys.argv) < 2:
    sys.exit(f"{__doc__}\nWhich program?")
runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
