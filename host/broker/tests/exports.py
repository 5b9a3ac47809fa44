"""EMQX's command line, as far as it exports and imports data: what it prints and what it leaves."""

import io
import json
import tarfile
from pathlib import Path

import pytest
from fake_aws import FakeAws

from broker import backup, backups, restore

NAME = "emqx-export-2026-11-28-09-15-00.123"


class Exports:
    """`says` is what an export or import prints in place of its success; `nodes` run in the cluster."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "exports"
        self.says = ""
        self.version = "5.8.9"
        self.imported: list[str] = []
        self.asked: list[str] = []
        self.nodes = ["emqx@10.0.0.1"]

    def stand_in(self, monkeypatch: pytest.MonkeyPatch, cloud: FakeAws, folder: Path) -> None:
        """The programs take it for this host's EMQX, with backups in the cloud's bucket."""
        (folder / "aws.json").write_text(json.dumps({"region": "eu-central-1"}))
        monkeypatch.setattr(backups, "SETTINGS", folder / "backup.json")
        monkeypatch.setattr(backups, "AWS_SETTINGS", folder / "aws.json")
        monkeypatch.setattr(backups, "FOLDER", self.folder)
        monkeypatch.setattr(backups, "become_emqx", lambda: None)
        monkeypatch.setattr(backup, "DATABASE", folder / "mnesia")
        monkeypatch.setattr(backup, "emqx_ctl", self.ctl)
        monkeypatch.setattr(restore, "emqx_ctl", self.ctl)
        monkeypatch.setattr("broker.cluster.emqx_ctl", self.ctl)
        monkeypatch.setattr("broker.cluster.SEEDS", folder / "seeds.env")
        monkeypatch.setattr("broker.upgrades.here", lambda: "5.8.9")
        self.give(cloud)

    def give(self, cloud: FakeAws, **more: object) -> None:
        """backup.json."""
        told = {"bucket": cloud.s3.name, "prefix": "mqtt/", "everyHours": 24, **more}
        backups.SETTINGS.write_text(json.dumps(told))

    def ctl(self, *words: str, seconds: float = 20) -> str:
        self.asked.append(" ".join(words))
        match words:
            case "cluster", "status", "--json":
                return json.dumps({"running_nodes": self.nodes, "stopped_nodes": []})
            case "data", "export", "--dir", folder:
                return self.says or self._export(Path(folder))
            case "data", "import", path:
                if self.says:
                    return self.says
                self.imported.append(Path(path).name)
                return f"Importing data from {path}...\nData has been imported successfully.\n"
        raise AssertionError(words)

    def _export(self, folder: Path) -> str:
        path = folder / f"{NAME}.tar.gz"
        path.write_bytes(archive(self.version))
        return f'Exporting data to "{path}"...\nData has been successfully exported to {path}.\n'


def archive(version: str, name: str = NAME) -> bytes:
    """What EMQX exports, as far as it is looked into."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        for path, text in (
            ("META.hocon", f'edition = ce\nversion = "{version}"\n'),
            ("cluster.hocon", ""),
        ):
            info = tarfile.TarInfo(f"{name}/{path}")
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    return content.getvalue()
