"""What was found, as Markdown."""

from collections.abc import Sequence

from benchmarks.machine import commit, processor
from benchmarks.ray.faults import Fault
from benchmarks.ray.load import CLIENTS, Run
from benchmarks.ray.simulation import Figures, check_table, sessions_table
from benchmarks.ray.subjects import SENTENCE, SPEECH_SECONDS
from wyoming_serving.devices import available_cores


def page(runs: Sequence[Run], faults: Sequence[Fault]) -> str:
    """Returns the whole page."""
    heard = [one for one in runs if one.service == "recognizer"]
    with_one = next(one for one in heard if one.replicas == 1)
    lines = [
        "# Replicas in a Ray cluster",
        "",
        f"Written by `python -m benchmarks.ray` at {commit()} on {processor()}, "
        f"{available_cores()} cores: the demo models, {SPEECH_SECONDS:g} s of audio or a sentence "
        f"of {len(SENTENCE)} characters a request, front and replicas on one machine. Times of the "
        "speaker are those to the first chunk of audio; a request under load ends with its last.",
        "",
        *_runs_table(runs),
        "",
        "## Faults",
        "",
        *_faults_table(faults),
        "",
        "The clients of a front that is killed, and those that ask while there is no cluster, fail "
        "at once or after the front's limits. Behind the restart the time begins with the start of "
        "the head.",
        "",
        sessions_table(Figures.of(with_one)),
        check_table(heard, available_cores()),
    ]
    return "\n".join(lines)


def _runs_table(runs: Sequence[Run]) -> list[str]:
    rows = []
    here: Run | None = None
    for one in runs:
        here = one if not one.replicas else here
        assert here is not None
        plural = "s" if one.replicas > 1 else ""
        engine = f"{one.replicas} replica{plural}" if one.replicas else "in-process"
        rows.append(
            f"| {one.service}, {engine} | {one.alone_ms.p50:.1f} ms | {one.alone_ms.p95:.1f} ms "
            f"| {one.alone_ms.p50 - here.alone_ms.p50:.1f} ms | {one.run_ms:.1f} ms "
            f"| {one.per_second:.1f} | {one.under_load_ms.p50:.1f} ms "
            f"| {one.under_load_ms.p95:.1f} ms | {one.cpu_ms:.1f} ms |"
        )
    return [
        "| engine | alone p50 | alone p95 | beyond in-process, p50 | model's share "
        f"| requests/s of {CLIENTS} clients | their p50 | their p95 | CPU of this process each |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *rows,
    ]


def _faults_table(faults: Sequence[Fault]) -> list[str]:
    return [
        "| service | fault | requests | answered | asked again | refused | failed "
        "| all over after |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        *(
            f"| {one.service} | {one.what} | {one.requests} | {one.answered} "
            f"| {'not counted' if one.asked_again is None else one.asked_again} "
            f"| {one.refused} | {one.failed} | {one.longest_ms:.0f} ms |"
            for one in faults
        ),
    ]
