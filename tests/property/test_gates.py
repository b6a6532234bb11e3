"""Whatever depends on whatever and whatever breaks: a mart is held where something behind it is wrong, only there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from expectations.judge.verdict import State, Verdict
from tasks import doors
from tasks.adapters.dbt_manifest import Node, Project
from tasks.operate.hold import Choice, let_pass
from tasks.publish import gate, provenance, publish
from tasks.publish.alert import announce
from tasks.publish.origins import origins_of
from tasks.publish.publish import release_notes
from tasks.publish.reach import reach_in
from tasks.settings import settings as product
from tasks.window import Window

STREAMS = ("crm.people", "ads.days", "ads.names", "shop.orders")
DAYS = [Window.parse(f"2026-11-{day}") for day in range(10, 14)]
Parents = Mapping[str, tuple[str, ...]]


@st.composite
def lineages(draw: st.DrawFn) -> Parents:
    """Steps and marts in order, each made of some that stand before it; the first ones of streams, or of nothing."""
    names: list[str] = list(STREAMS)
    parents: dict[str, tuple[str, ...]] = {}
    for number in range(draw(st.integers(2, 9))):
        name = f"{draw(st.sampled_from(['mart', 'step']))}_{number}"
        parents[name] = tuple(draw(st.lists(st.sampled_from(names), max_size=3, unique=True)))
        names.append(name)
    return parents | {"mart_of_all": tuple(parents), "calendar": ()}


# What is wrong on each day: streams, models, or a whole source; and of these what a person lets pass.
troubles = st.lists(
    st.tuples(
        st.frozensets(st.sampled_from([*STREAMS, "crm.models", "ads.models"]), max_size=3),
        st.frozensets(st.sampled_from([*STREAMS, "crm.models", "ads.models"]), max_size=1),
    ),
    min_size=3,
    max_size=3,
)


def project(parents: Parents) -> Project:
    """The lineage as dbt's manifest would tell it."""
    empty: dict[str, Any] = {"path": "", "description": "", "columns": {}, "children": (), "checks": ()}
    streams = [
        Node(name, "source", "raw", name.replace(".", "__"), parents=(), source=name.split(".")[0], **empty)
        for name in STREAMS
    ]
    models = [
        Node(name, "model", "intermediate" if name.startswith("step") else "marts", name, parents=made_of, **empty)
        for name, made_of in parents.items()
    ]
    return Project({node.name: node for node in (*streams, *models)})


def streams_behind(parents: Parents, name: str) -> set[str]:
    """The answer that nobody takes from the product: the streams that a table is made of."""
    if name in STREAMS:
        return {name}
    return {stream for parent in parents[name] for stream in streams_behind(parents, parent)}


def stands_for(parents: Parents, about: str) -> set[str]:
    """The streams that a finding is about; what no mart is made of speaks about all of its source."""
    reached = {stream for name in parents if not name.startswith("step") for stream in streams_behind(parents, name)}
    source = about.split(".", maxsplit=1)[0]
    return {about} if about in reached else {stream for stream in STREAMS if stream.startswith(f"{source}.")}


@dataclass
class Workshop:
    """Marts whose content is the number of the build that made them."""

    marts: list[str]
    build: int = 0

    def query(self, sql: str, params: object = ()) -> list[tuple[Any, ...]]:
        return [(f"lake/{self.build}", "e")] if "object_key, etag" in sql else []

    def relations(self, schema: str) -> list[str]:
        return self.marts if schema == "marts" else []

    def export(self, relation: str, path: Path) -> int:
        path.write_text(f"{relation} of build {self.build}")
        return self.build


@contextmanager
def working(home: Path, made: Parents) -> Iterator[Workshop]:
    workshop = Workshop(sorted(name for name in made if not name.startswith("step")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLUMBLINE_HOME", str(home))
        patch.setattr(doors, "warehouse", lambda: nullcontext(workshop))
        patch.setattr(provenance, "commit", lambda: "c0ffee")
        patch.setattr(gate, "reach", lambda marts: reach_in(project(made), marts))
        product.cache_clear()
        yield workshop
        doors.ops_store().close()
    product.cache_clear()


def finding(about: str, window: Window, state: State = "failed") -> Verdict:
    source, model = about.split(".")
    return Verdict(
        check="reconciliation", source=source, model=model, scope=about, state=state, severity="critical", owner="@x",
        sentence=f"{about} is wrong.", observed="1", expected="2", runbook="reconciliation", window=window,
    )  # fmt: skip


def close(window: Window, broken: frozenset[str]) -> publish.Release:
    """One close: everything is judged, what is broken failed."""
    judged = [
        finding(about, window, "failed" if about in broken else "passed")
        for about in (*STREAMS, "crm.models", "ads.models")
    ]
    release = publish.publish.fn(window, "final", judged)
    announce.fn(judged, window)
    return release


def seen() -> dict[str, str]:
    """What readers find in the files of the marts."""
    folder = publish.published()
    return {path.stem: path.read_text() for path in folder.glob("*.parquet")} if folder else {}


# To shrink an example would publish thousands of releases more.
@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(made=lineages(), told=troubles)
def test_a_mart_is_held_where_something_behind_it_is_wrong_and_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, made: Parents, told: list[tuple[frozenset[str], frozenset[str]]]
) -> None:
    with working(tmp_path_factory.mktemp("home"), made) as workshop:
        marts, known, let = workshop.marts, dict.fromkeys(workshop.marts, 0), frozenset[str]()
        for workshop.build, (window, (broken, passed)) in enumerate(zip(DAYS, told, strict=False), 1):
            close(window, broken)
            chosen = passed & broken & _holding()
            for about in chosen:
                let_pass.fn(Choice(check="reconciliation", scope=about), reason="known", by="ada")
            let = (let & broken) | chosen  # a person's word counts until the finding is gone
            release = close(window, broken)
            wrong = {s for about in broken - let for s in stands_for(made, about)}
            held = {mart for mart in marts if streams_behind(made, mart) & wrong}
            fed = {mart for mart in marts if streams_behind(made, mart)}
            assert release.held == bool(broken - let and fed <= held)
            if release.held:
                assert {m: c for m, c in seen().items() if m in known} == _content(known)
                continue
            assert set(release.kept) == held
            known |= {mart: workshop.build for mart in marts if mart not in held}
            _complete(made, known, held)
            again = close(window, broken)
            assert (again.reused, again.id, again.kept) == (True, release.id, release.kept)
        workshop.build = 9
        whole = close(DAYS[-1], frozenset())
        assert (whole.held, whole.kept) == (False, ())
        assert seen() == _content(dict.fromkeys(marts, 9)) | {"measurements": "quality.measurements of build 9"}


def _holding() -> set[str]:
    """The scopes of the findings that hold something of the newest attempt."""
    return {obstacle["scope"] for obstacle in doors.ops_store().releases()[-1].body["obstacles"]}


def _complete(made: Parents, known: dict[str, int], held: set[str]) -> None:
    """Readers have every mart that was ever published, as the release says; none is newer than what it is made of."""
    notes = release_notes()
    assert notes is not None
    found = {mart: content for mart, content in seen().items() if mart in known}
    assert found == _content(known)
    assert notes["rows"].keys() == {*found, "measurements"}
    told = origins_of(notes)
    assert told.keys() == known.keys()
    assert {mart for mart, origin in told.items() if origin.held} == held
    for mart, origin in told.items():
        assert bool(origin.release) == bool(known[mart])
        assert all(known[mart] <= known[parent] for parent in made[mart] if parent in known)
        assert not origin.held or origin.because


def _content(known: dict[str, int]) -> dict[str, str]:
    return {mart: f"marts.{mart} of build {build}" for mart, build in known.items() if build}
