"""A restore refuses what would spoil a cluster or fail half way, and believes EMQX's words."""

from pathlib import Path

import pytest
from exports import NAME, Exports, archive
from fake_aws import FakeAws
from fake_emqx import FakeEmqx

from broker import restore
from broker.backup import BackupError

OLD, NEW = (f"mqtt/2026-11-{day}T09-15-00Z/{NAME}.tar.gz" for day in (27, 28))


@pytest.fixture
def exports(tmp_path: Path, cloud: FakeAws, emqx: FakeEmqx, monkeypatch: pytest.MonkeyPatch) -> Exports:
    made = Exports(tmp_path)
    made.stand_in(monkeypatch, cloud, tmp_path)
    monkeypatch.setattr(restore, "OURS", tmp_path / "ours")
    for key in (OLD, NEW):
        cloud.s3.lay(key, archive("5.8.7"))
    return made


@pytest.mark.parametrize(("asked", "key"), [("latest", NEW), (OLD, OLD)])
def test_a_backup_is_imported_under_its_own_name(
    exports: Exports, cloud: FakeAws, capsys: pytest.CaptureFixture[str], asked: str, key: str
) -> None:
    assert restore.main([asked]) == 0
    assert exports.imported == [f"{NAME}.tar.gz"]
    assert f"GET /backups/{key}" in cloud.s3.requests
    assert f"importing s3://backups/{key}" in capsys.readouterr().out
    assert list(exports.folder.iterdir()) == []


def test_what_the_arguments_name_and_emqx_makes_itself_is_no_data(exports: Exports, emqx: FakeEmqx) -> None:
    emqx.users = {"device-1": {}}
    (emqx.folder / "ours").write_text("device-1\n")
    emqx.retained = ["$SYS/brokers", "$SYS/brokers/emqx@10.0.0.1/version"]
    assert restore.main(["latest"]) == 0


@pytest.mark.parametrize("what", ["the user ann", "a retained message on plant/1", "a ban of thief"])
def test_a_cluster_that_holds_data_is_left_alone_unless_told(
    exports: Exports, emqx: FakeEmqx, what: str
) -> None:
    emqx.users = {"device-1": {}}
    (emqx.folder / "ours").write_text("device-1\n")
    match what.split()[-1]:
        case "ann":
            emqx.users["ann"] = {}
        case "thief":
            emqx.banned = ["thief"]
        case topic:
            emqx.retained = ["$SYS/brokers", topic]
    with pytest.raises(BackupError, match=f"holds {what}: .*--over"):
        restore.main(["latest"])
    assert exports.imported == []
    assert restore.main(["latest", "--over"]) == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (archive("5.9.0"), r"of EMQX 5\.9\.0, and 5\.8\.9 takes none of a later line: let emqx\.version"),
        (archive("5.8.9", "another-name"), "is nothing that `emqx ctl data export` made under that name"),
        (archive("5.8.9")[:-20], "is no archive of EMQX's"),
        (b"no archive", "is no archive of EMQX's"),
    ],
    ids=["later version", "other name", "cut short", "something else"],
)
def test_what_emqx_would_refuse_is_refused_before_it_is_asked(
    exports: Exports, cloud: FakeAws, content: bytes, message: str
) -> None:
    cloud.s3.lay(NEW, content)
    with pytest.raises(BackupError, match=message):
        restore.main(["latest"])
    assert not any(asked.startswith("data import") for asked in exports.asked)
    assert list(exports.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("says", "message"),
    [
        ('[error] Data import failed, reason: "backup file not found".\n', "EMQX refuses it: .*not found"),
        (
            'Failed to import the following config path: "connectors", reason: {password,"geheim"}\n'
            "[error] Failed to import built-in database table: emqx_app, reason: {error,x}\n"
            "Data has been imported, but some errors occurred, see the log above.\n",
            'all but config path: "connectors", table: emqx_app; its log says why',
        ),
    ],
)
def test_emqxs_own_words_count_and_no_setting_is_told(exports: Exports, says: str, message: str) -> None:
    exports.says = says
    with pytest.raises(BackupError, match=message) as refused:
        restore.main(["latest"])
    assert "geheim" not in str(refused.value)


def test_a_backup_that_is_not_there_is_told_with_the_latest(exports: Exports, cloud: FakeAws) -> None:
    with pytest.raises(BackupError, match=f"s3://backups/mqtt/1 is no backup; the latest is {NEW}"):
        restore.main(["mqtt/1"])
    cloud.s3.objects.clear()
    with pytest.raises(BackupError, match="s3://backups/mqtt/ has no backups"):
        restore.main(["latest"])


def test_a_cluster_with_a_broker_away_is_left_alone(exports: Exports, tmp_path: Path) -> None:
    seeds = '["emqx@10.0.0.1","emqx@10.0.0.2"]'
    (tmp_path / "seeds.env").write_text(f"EMQX_CLUSTER__STATIC__SEEDS='{seeds}'\n")
    with pytest.raises(BackupError, match=r"emqx@10\.0\.0\.2 does not run"):
        restore.main(["latest"])
