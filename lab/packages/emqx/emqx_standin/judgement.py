"""What EMQX thinks of a configuration before it starts, and of one that `check_config` is to judge."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

from . import layers, layout
from .hocon import Object, Value
from .hocon_tokens import HoconError
from .known import ROOT
from .layers import Layers
from .schema import check
from .settings import Settings

#: EMQX's start script reads these from emqx.conf alone, and ends as an escript does when it cannot.
_BOOT_ROOTS = ("node", "cluster")


class BadBootConfiguration(Exception):
    """What the start script stumbles over: `node` and `cluster` in emqx.conf."""

    status = 127

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems

    def print(self) -> None:
        """As an escript tells it."""
        told = ",\n ".join(self.problems)
        print(f"escript: exception throw: {{emqx_conf_schema,\n [{told}]}}", file=sys.stderr)
        print(
            "ERROR: call_hocon_failed: -s emqx_conf_schema -c /etc/emqx/emqx.conf multi_get", file=sys.stderr
        )


class BadConfiguration(Exception):
    """What the schema, or a file that is named, does not allow."""

    status = 1

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems

    def print(self) -> None:
        """As EMQX's own checker tells it, one problem a line."""
        print("[error] failed_to_check_schema: emqx_conf_schema")
        for problem in self.problems:
            print(f"[error] {problem}")


def read_layers(environment: Mapping[str, str]) -> Layers:
    """Fails with BadConfiguration where a file cannot be read."""
    try:
        return layers.read(layout.CONFIGURATION, environment)
    except (HoconError, OSError) as error:
        raise BadConfiguration([str(error)]) from error


def judged(environment: Mapping[str, str]) -> Settings:
    """The whole configuration, found good."""
    found = read_layers(environment)
    boot = {key: value for key, value in found.boot().items() if key in _BOOT_ROOTS}
    problems = [str(problem) for problem in check(boot, ROOT) if problem.path.split(".")[0] in _BOOT_ROOTS]
    if problems:
        raise BadBootConfiguration(problems)
    try:
        return judge(found.merged())
    except HoconError as error:
        raise BadConfiguration([str(error)]) from error


def judge(config: Object) -> Settings:
    """A merged configuration; fails with BadConfiguration."""
    problems = [str(problem) for problem in check(config, ROOT)]
    if problems:
        raise BadConfiguration(problems)
    settings = Settings.of(config)
    problems = [problem for path in rule_files(settings.config) for problem in _rules_problem(path)]
    if problems:
        raise BadConfiguration(problems)
    return settings


def rule_files(config: Object) -> list[str]:
    """The files of rules that are asked."""
    authorization = config.get("authorization")
    sources = authorization.get("sources") if isinstance(authorization, dict) else None
    return [
        str(layers.interpolated(source.get("path")))
        for source in (sources if isinstance(sources, list) else [])
        if isinstance(source, dict) and source.get("type") == "file"
    ]


def _rules_problem(path: str) -> list[str]:
    """Rules are Erlang terms: Erlang reads them."""
    argv = ["erl", "-noinput", "-boot", "start_clean", "-pa", str(layout.LIBRARY / "ebin")]
    done = subprocess.run(
        [*argv, "-run", "emqx_authz", "check", path], capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        return []
    reason = done.stdout.strip() or done.stderr.strip()
    return [
        f'#{{kind => validation_error,path => "authorization.sources.1.path",reason => {reason},'
        f'value => "{path}"}}'
    ]


def check_config(environment: Mapping[str, str]) -> int:
    """Says nothing about a configuration that EMQX would start with."""
    try:
        judged(environment)
    except (BadBootConfiguration, BadConfiguration) as failure:
        failure.print()
        return failure.status
    return 0


__all__ = [
    "BadBootConfiguration",
    "BadConfiguration",
    "Value",
    "check_config",
    "judge",
    "judged",
    "read_layers",
]
