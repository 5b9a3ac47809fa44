"""Runs the Python program in a folder for the engine that the environment names."""

import asyncio
import os
import runpy
import sys

import pulumi
import pulumi.runtime


def main(folder: str) -> None:
    settings = pulumi.runtime.Settings(
        organization=os.environ["PULUMI_ORGANIZATION"],
        project=os.environ["PULUMI_PROJECT"],
        stack=os.environ["PULUMI_STACK"],
        monitor=os.environ["PULUMI_MONITOR"],
        engine=os.environ["PULUMI_ENGINE"],
        dry_run=os.environ["PULUMI_DRY_RUN"] == "true",
        parallel=int(os.environ["PULUMI_PARALLEL"]),
    )
    pulumi.runtime.configure(settings)
    sys.path.insert(0, folder)

    def program() -> None:
        runpy.run_path(os.path.join(folder, "__main__.py"), run_name="__main__")

    asyncio.run(pulumi.runtime.run_in_stack(program))


if __name__ == "__main__":
    main(sys.argv[1])
