"""`danbao import --dry-run`: what an official sees on the command line, without a database."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from tests.imports.builders import Row, code, csv_text, listed, row
from web.cli import main


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["import", *arguments])


def put(folder: Path, name: str, *rows: Row) -> str:
    path = folder / name
    path.write_text(csv_text(listed(*rows)), encoding="gb18030")
    return str(path)


def test_the_json_counts_files_enterprises_and_merges(tmp_path: Path) -> None:
    twin = code()
    town = put(tmp_path, "2025-12_南翔镇_名单.csv", row(统一社会信用代码=twin), row(期限=99))
    bank = put(tmp_path, "2025-12_申城银行_名单.csv",
               row(统一社会信用代码=twin, 推荐类别="存量", 是否目标落户="是"))  # fmt: skip
    result = run(town, bank, "--dry-run", "--json")
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert list(answer) == ["files", "enterprises", "merged"]
    assert (answer["enterprises"], answer["merged"]) == (1, 1)
    first, second = answer["files"]
    assert (first["file"], first["rows"], first["accepted"]) == ("2025-12_南翔镇_名单.csv", 2, 1)
    assert set(first["refused"][0]) == {"row", "column", "value", "reason", "remedy"}
    assert second["refused"] == []


def test_the_table_lists_each_refused_cell(tmp_path: Path) -> None:
    result = run(put(tmp_path, "名单.csv", row(), row(融资需求="面议")), "--dry-run")
    assert result.exit_code == 0
    assert "企业1家" in result.stdout
    assert "面议" in result.stdout
    assert "不是一个数" in result.stdout


def test_a_file_that_is_no_list_is_reported_and_the_others_are_still_checked(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7")
    good = put(tmp_path, "名单.csv", row())
    result = run(str(tmp_path / "a.pdf"), good, "--dry-run", "--json")
    assert result.exit_code == 1
    bad, fine = json.loads(result.stdout)["files"]
    assert (bad["refused"][0]["row"], bad["refused"][0]["reason"]) == (
        0,
        "这是PDF文件，不是名单表格",
    )
    assert fine["accepted"] == 1


def test_a_wrong_period_or_programme_is_said_plainly(tmp_path: Path) -> None:
    good = put(tmp_path, "名单.csv", row())
    assert "按2025-12的样子" in str(run(good, "--dry-run", "--period", "12月").output)
    wrong = run(good, "--dry-run", "--programme", "NONE")
    assert wrong.exit_code == 1
    assert "没有方案NONE" in wrong.output
