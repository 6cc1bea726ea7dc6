"""The shape of the repository: who may import whom, how long things are, and what they say."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import tallystick

ROOT = Path(__file__).resolve().parents[1]
OURS = ("tallystick", "strategies", "contracts", "sandbox", "tests")
LONGEST_FUNCTION = 40
LONGEST_CLASS = 220
LONGEST_MODULE = 450
LONGEST_LINE = 100
LONGEST_MAP = 140

LARGER = {
    # One unit of work for each operation, and a method for each step that a fault may override.
    ("sandbox/bank.py", "Bank"),
    ("tallystick/suite.py", "Suite"),
    ("tallystick/target/connection.py", "HttpTarget"),
}
"""Classes that may be longer; one that no longer is, is taken off this list."""

ARROWS = {
    # The oracle is pure: what is promised, without a word of how it is asked for.
    "tallystick/ledger/": {"only": ("tallystick.ledger",)},
    # The checker does not know what it orders.
    "tallystick/checker/": {"only": ("tallystick.checker",)},
    "tallystick/request.py": {"only": ()},
    "tallystick/profiles/wallet/wire.py": {
        "only": ("tallystick.ledger", "tallystick.profiles.wallet", "tallystick.request")
    },
    "tallystick/profiles/wallet/operations.py": {"only": ()},
    "tallystick/program.py": {"only": ("tallystick.ledger",)},
    # The sandbox shares nothing with the suite, else a green run would prove x = x.
    "sandbox/": {"never": ("tallystick", "strategies", "contracts", "tests")},
    # The rival shares nothing with either.
    "tests/rival/": {"never": ("tallystick", "strategies", "contracts", "sandbox")},
    # Neither do the servers of other APIs.
    "tests/stripelike/": {
        "never": (
            *("tallystick", "strategies", "contracts", "sandbox"),
            *("tests.rival", "tests.prepaid"),
        ),
    },
    "tests/prepaid/": {
        "never": (
            *("tallystick", "strategies", "contracts", "sandbox"),
            *("tests.rival", "tests.stripelike"),
        ),
    },
    "tests/servers/": {
        "never": (
            *("tallystick", "strategies", "contracts", "sandbox"),
            *("tests.rival", "tests.prepaid", "tests.stripelike"),
        ),
    },
    # The engine never imports the suite that runs on it, nor the server that it judges.
    "tallystick/": {"never": ("strategies", "contracts", "sandbox", "tests")},
    # Inputs are made from the ledger, not from answers of a server.
    "strategies/": {"never": ("httpx",), "rooms": ("ledger", "program")},
    # The engine, from the bottom to the top: a room imports those below it.
    "tallystick/documents/": {"rooms": ("ledger", "location")},
    "tallystick/target/": {"rooms": ("ledger", "profiles", "request")},
    "tallystick/profiles/profile.py": {"rooms": ("cleanup", "ledger", "target")},
    "tallystick/clock.py": {"rooms": ("ledger", "target")},
    "tallystick/cleanup/": {"rooms": ("target",)},
    "tallystick/run.py": {
        "rooms": (
            *("clock", "conditions", "documents", "driven", "evidence", "fingerprint", "forms"),
            *("ledger", "left_out"),
            *("profiles", "program", "target"),
        ),
    },
    "tallystick/conditions.py": {"rooms": ()},
    "tallystick/fingerprint.py": {"rooms": ("ledger", "program")},
    "tallystick/evidence.py": {"rooms": ("checker", "driven", "ledger", "target")},
    "tallystick/forms.py": {"rooms": ("documents", "ledger", "target")},
    "tallystick/left_out.py": {"rooms": ("target",)},
    "tallystick/causes.py": {"rooms": ("fingerprint", "program", "run")},
    "tallystick/driven.py": {"rooms": ("ledger", "program")},
    "tallystick/drivers/": {
        "rooms": (
            *("checker", "clock", "conditions", "documents", "driven", "evidence", "fingerprint"),
            *("ledger", "profiles"),
            "program",
            *("request", "run", "target"),
        ),
    },
    "tallystick/permitted/": {
        "rooms": (
            *("conditions", "documents", "driven", "evidence", "ledger", "profiles", "run"),
            "target",
        )
    },
    "tallystick/reporting/": {
        "rooms": (
            *("causes", "checker", "cleanup", "conditions", "documents", "driven", "evidence"),
            "fingerprint",
            *("known", "ledger", "location", "permitted", "program", "run", "target"),
        ),
    },
    "tallystick/corpus/": {"rooms": ("drivers", "reporting", "run", "target")},
    # What several processes do with a run is known to none of its parts.
    "tallystick/suite.py": {"never": ("tallystick.parallel", "tallystick.pytest_plugin")},
    "contracts/": {"never": ("sandbox", "tests", "tallystick.reporting", "tallystick.cli")},
}
"""By path. `only`: these of ours, and no package but the standard library. `never`: none of these.
`rooms`: of the engine only these, beside its own."""

HOMES = {
    # Requests leave through the target; two drivers change what happens on the way.
    "httpx": (
        r"tallystick/(target/\w+|drivers/(faulty_transport|concurrent/last_byte))\.py|tests/.*"
    ),
    "httpcore": r"(tallystick|tests)/target/\w+\.py",
    "certifi": r"tallystick/target/\w+\.py",
    "schemathesis": (
        r"contracts/.*|conftest\.py|tallystick/(drivers|profiles/wallet)/fuzz/\w+\.py|tests/.*"
    ),
    "starlette": r"sandbox/.*",
    "flask": r"tests/rival/.*",
    "sqlalchemy": r"tests/rival/.*",
    "psycopg": r"tests/prepaid/postgres\.py",
    "redis": r"tallystick/corpus/storage\.py|tests/(corpus|hunting)/.*",
    "distributed": r"tallystick/hunting/engine\.py|tests/hunting/.*",
}
"""Where a package may be imported."""

PATH = re.compile(r"`([\w.-]+(?:/[\w.-]+)*(?:/|\.(?:py|md|ini|toml|yaml|json)))`")
"""A file or a folder, as a page names it."""
WRITTEN_BY_A_RUN = {
    "reports/latest/scenarios/cap-2.yaml",
    "RULE.py",
    "scenarios/RULE.py",
    "dialect.yaml",
    "regressions/",
    "regressions/cap-2.yaml",
    "report.html",
    "reports/latest",
    "result.json",
    "rounds/",
    "scenarios/RULE.yaml",
    "summary.md",
    "tallystick.yaml",
}
"""What pages name that is in no repository, or in that of a user."""
FORMATTED_BY = ("tox.ini", ".pre-commit-config.yaml")
"""Where the version of ruff is written."""


@cache
def files() -> tuple[str, ...]:
    """Every file that git knows or would take, by its path from the root."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return tuple(name for name in listed.stdout.splitlines() if (ROOT / name).is_file())


def sources() -> list[str]:
    ours = [name for name in files() if not name.startswith("reports/example/")]
    return [name for name in ours if name.endswith(".py")]


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@cache
def tree_of(name: str) -> ast.Module:
    return ast.parse(text_of(name))


@cache
def imports_of(name: str) -> frozenset[str]:
    """The modules that a file imports, in full."""
    found: set[str] = set()
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found)


def is_within(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def trespasses(name: str, arrow: dict[str, tuple[str, ...]]) -> Iterator[str]:
    for module in sorted(imports_of(name)):
        if "never" in arrow and is_within(module, arrow["never"]):
            yield f"{name} imports {module}"
        if "only" in arrow and not is_within(module, arrow["only"]):
            parts = module.split(".")
            # `from tallystick import wire` names the package too; its parts are judged.
            if module not in OURS and parts[0] not in sys.stdlib_module_names:
                yield f"{name} imports {module}"
        if "rooms" in arrow and is_within(module, ("tallystick",)):
            room = ".".join(module.split(".")[1:2])
            if room not in (*arrow["rooms"], own_room(name), "", "__version__"):
                yield f"{name} imports {module}"


def own_room(name: str) -> str:
    """The folder or module of the engine that a file belongs to, such as `drivers` or `run`."""
    return name.removesuffix(".py").split("/")[1]


@pytest.mark.parametrize("path", ARROWS)
def test_nothing_is_imported_against_an_arrow(path: str) -> None:
    subjects = [name for name in sources() if name.startswith(path)]
    assert subjects, f"no file at {path}"
    found = [trespass for name in subjects for trespass in trespasses(name, ARROWS[path])]
    assert found == []


def test_profiles_are_known_to_the_registry_and_to_those_who_write_them_alone() -> None:
    engine = [name for name in sources() if name.startswith("tallystick/")]
    knowing = {
        name
        for name in engine
        if not re.match(r"tallystick/profiles/(wallet|declared)/", name)
        and any(
            is_within(module, ("tallystick.profiles.wallet", "tallystick.profiles.declared"))
            for module in imports_of(name)
        )
    }
    assert knowing == {"tallystick/profiles/registry.py", "tallystick/profile_commands.py"}


def test_a_trespass_is_seen() -> None:
    assert list(trespasses("tallystick/profiles/wallet/wire.py", {"never": ("tallystick.ledger",)}))
    assert list(trespasses("tallystick/target/connection.py", {"only": ("tallystick",)})) == [
        "tallystick/target/connection.py imports httpx"
    ]
    assert not list(trespasses("tallystick/program.py", {"rooms": ("ledger",)}))
    assert list(trespasses("tallystick/program.py", {"rooms": ("target",)}))


@pytest.mark.parametrize("package", HOMES)
def test_a_package_is_imported_only_where_it_lives(package: str) -> None:
    strangers = [
        name
        for name in sources()
        if any(is_within(module, (package,)) for module in imports_of(name))
        and not re.fullmatch(HOMES[package], name)
    ]
    assert strangers == []


def longer_than(limit: int, *kinds: type[ast.AST]) -> set[tuple[str, str]]:
    """Files and names of the definitions of these kinds that have more lines."""
    return {
        (name, node.name)
        for name in sources()
        for node in ast.walk(tree_of(name))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and isinstance(node, kinds)
        and (node.end_lineno or 0) - node.lineno + 1 > limit
    }


def test_no_function_is_longer_than_a_screen() -> None:
    assert longer_than(LONGEST_FUNCTION, ast.FunctionDef, ast.AsyncFunctionDef) == set()


def test_no_class_is_longer_than_a_few_screens() -> None:
    assert longer_than(LONGEST_CLASS, ast.ClassDef) == LARGER


def test_no_module_is_longer_than_one_reading() -> None:
    assert [name for name in sources() if text_of(name).count("\n") > LONGEST_MODULE] == []


def test_no_line_is_wider_than_the_page() -> None:
    wide = [
        f"{name}:{number}"
        for name in sources()
        for number, line in enumerate(text_of(name).splitlines(), start=1)
        if len(line) > LONGEST_LINE
    ]
    assert wide == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [name for name in sources() if not (ast.get_docstring(tree_of(name)) or "").strip()]
    assert silent == []


def test_the_version_is_the_same_everywhere() -> None:
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    head = re.search(r"^## \[?v?(\d[^\s\]]*)", text_of("CHANGELOG.md"), re.MULTILINE)
    assert head is not None, "CHANGELOG.md has no release"
    assert head[1] == project["version"] == tallystick.__version__


def test_the_supported_pythons_are_the_same_everywhere() -> None:
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    classifier = "Programming Language :: Python :: "
    supported = [
        name.removeprefix(classifier)
        for name in project["classifiers"]
        if name.startswith(classifier)
    ]
    workflow = yaml.safe_load(text_of(".github/workflows/ci.yml"))
    assert workflow["jobs"]["run"]["strategy"]["matrix"]["python"] == supported
    listed = re.search(r"^env_list = (.*)$", text_of("tox.ini"), re.MULTILINE)
    assert listed is not None
    environments = listed[1].split(", ")
    assert [name for name in environments if name.startswith("py")] == [
        f"py{version.replace('.', '')}" for version in supported
    ]


def test_the_hooks_format_as_the_lint_environment_does() -> None:
    pins = {name: set(re.findall(r"ruff==[\d.]+", text_of(name))) for name in FORMATTED_BY}
    (first, *others) = pins.values()
    assert len(first) == 1
    assert all(other == first for other in others), pins


def test_every_dependency_is_pinned_within_its_range() -> None:
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    wanted = [project["dependencies"], *project["optional-dependencies"].values()]
    lines = [line for line in text_of("constraints.txt").splitlines() if not line.startswith("#")]
    pins = {canonicalize_name(name): pin for name, pin in (line.split("==") for line in lines)}
    for requirement in (Requirement(text) for listed in wanted for text in listed):
        assert pins[canonicalize_name(requirement.name)] in requirement.specifier, requirement


def test_the_map_fits_on_two_pages() -> None:
    assert len(text_of("ARCHITECTURE.md").splitlines()) <= LONGEST_MAP


@pytest.mark.parametrize("name", [name for name in files() if name.endswith(".md")])
def test_every_path_that_a_page_names_exists(name: str) -> None:
    linked = re.findall(r"\]\(([^)#]+)\)", text_of(name))
    quoted = PATH.findall(text_of(name))
    paths = [path for path in (*linked, *quoted) if "://" not in path]
    homes = (ROOT, (ROOT / name).parent, ROOT / "tallystick")
    missing = {path for path in paths if not any((home / path).exists() for home in homes)}
    assert missing - WRITTEN_BY_A_RUN == set()


def test_every_folder_of_tests_is_explained() -> None:
    folders = {name.split("/")[1] for name in files() if re.match(r"tests/\w+/", name)}
    explained = set(re.findall(r"`(\w+)/`", text_of("tests/README.md")))
    assert folders <= explained


def test_names_of_tests_state_facts() -> None:
    wishes = [
        f"{name}: {node.name}"
        for name in sources()
        for node in ast.walk(tree_of(name))
        if isinstance(node, ast.FunctionDef)
        and node.name.startswith("test_")
        and "should" in node.name.split("_")
    ]
    assert wishes == []


def test_no_file_names_the_place_where_it_was_written() -> None:
    places = re.compile("/" + "work/|/tmp/" + "venv|/root" + "/")
    named = []
    for name in files():
        try:
            text = text_of(name)
        except UnicodeDecodeError:
            continue  # a picture
        if places.search(text):
            named.append(name)
    assert named == []
