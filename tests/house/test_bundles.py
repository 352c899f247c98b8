"""The committed bundles are what the sources built, checked without Node."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from engine.config import ROOT

ASSETS = ROOT / "web" / "assets"
BUNDLES = ROOT / "web" / "static" / "bundles"
REMEDY = "run `make assets` and commit web/static/bundles with the sources"


def manifest() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((BUNDLES / "manifest.json").read_text("utf-8"))
    return found


def digests(folder: Path, paths: list[Path]) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(paths)
    }


def sources() -> list[Path]:
    fixed = [ASSETS / name for name in ("build.mjs", "package.json", "package-lock.json")]
    return fixed + [path for path in (ASSETS / "src").rglob("*") if path.is_file()]


def test_no_source_has_changed_since_the_bundles_were_built() -> None:
    assert manifest()["inputs"] == digests(ASSETS, sources()), REMEDY


def test_nobody_has_edited_a_bundle_by_hand() -> None:
    outputs = [path for path in BUNDLES.iterdir() if path.name != "manifest.json"]

    assert manifest()["outputs"] == digests(BUNDLES, outputs), REMEDY


def test_the_packages_of_the_bundles_are_fixed_to_exact_versions() -> None:
    package = json.loads((ASSETS / "package.json").read_text("utf-8"))
    wanted = package["dependencies"] | package["devDependencies"]
    lock = json.loads((ASSETS / "package-lock.json").read_text("utf-8"))["packages"]

    for name, version in wanted.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), f"{name} is {version}"
        assert manifest()["versions"][name] == version
    for name, version in manifest()["versions"].items():
        assert lock[f"node_modules/{name}"]["version"] == version


def test_the_lock_file_names_no_registry_and_checks_every_package() -> None:
    lock = json.loads((ASSETS / "package-lock.json").read_text("utf-8"))["packages"]

    assert [name for name, one in lock.items() if "resolved" in one] == []
    assert [name for name, one in lock.items() if name and "integrity" not in one] == []


def test_every_package_in_a_bundle_comes_with_its_licence() -> None:
    licences = (BUNDLES / "studio.LICENSES.txt").read_text("utf-8")

    for name, version in manifest()["versions"].items():
        if name != "esbuild":  # the builder; nothing of it is in the bundle
            assert f"{name} {version}\n" in licences, name


def test_the_mark_that_the_licence_of_the_modeler_asks_for_is_in_the_bundle() -> None:
    assert "https://bpmn.io" in (BUNDLES / "studio.js").read_text("utf-8")
    hides = re.compile(r"\.bjs-powered-by[^{}]*\{[^}]*(display:none|visibility:hidden|opacity:0)")

    assert not hides.search((BUNDLES / "studio.css").read_text("utf-8"))


def test_the_bundles_call_no_other_host_and_run_no_text_as_code() -> None:
    script = (BUNDLES / "studio.js").read_text("utf-8")
    style = (BUNDLES / "studio.css").read_text("utf-8")

    assert not re.search(r"\beval\(|new Function\(", script)
    assert not re.search(r"url\([\"']?(https?:)?//", style)
    assert "@import" not in style
