"""The report of an evaluation as an HTML page with the errors marked."""

from difflib import SequenceMatcher
from html import escape

from wyoming_funasr.evaluation import Evaluated, Report, error_name

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem }
table { border-collapse: collapse; margin: 1rem 0; width: 100% }
th, td { border-bottom: 1px solid #8884; padding: .3rem .6rem; text-align: start }
del { background: #f004; text-decoration: line-through }
ins { background: #0a04; text-decoration: none }
.wrong, .nothing { font-weight: bold }
"""


def as_html(report: Report) -> str:
    """The page; it holds texts and figures, and no audio."""
    summaries = "".join(
        f"<tr><td>{escape(language)}<td>{found.recordings}<td>{error_name(language)} "
        f"{found.error_rate:.3f}<td>{found.exact}<td>{found.commands}<td>{found.done}"
        f"<td>{found.wrong}"
        for language, found in report.summaries.items()
    )
    rows = "".join(map(_row, report.recordings))
    return (
        f'<!doctype html><meta charset="utf-8"><title>Evaluation</title><style>{_STYLE}</style>'
        "<h1>Evaluation</h1><table><tr><th>Language<th>Recordings<th>Error rate<th>Exact"
        f"<th>Commands<th>Done as meant<th>Wrong{summaries}</table>"
        f"<p>Recognition: p50 {report.p50_seconds * 1000:.0f} ms, "
        f"p95 {report.p95_seconds * 1000:.0f} ms; at most {report.memory_mb} MB of memory."
        f"<table><tr><th>File<th>Text<th>Command<th>ms{rows}</table>\n"
    )


def _row(one: Evaluated) -> str:
    outcome = escape(str(one.judged.outcome)) + (", ambiguous" if one.ambiguous else "")
    return (
        f'<tr class="{escape(str(one.judged.outcome))}"><td>{escape(one.file)}'
        f"<td>{marked(one.judged.reference, one.judged.transcript)}<td>{outcome}"
        f"<td>{one.seconds * 1000:.0f}"
    )


def marked(reference: str, transcript: str) -> str:
    """The reference with what was not heard as `del`, and what was heard instead as `ins`."""
    parts = []
    for kind, a, b, c, d in SequenceMatcher(None, reference, transcript, False).get_opcodes():
        if kind == "equal":
            parts.append(escape(reference[a:b]))
            continue
        parts.append(f"<del>{escape(reference[a:b])}</del>" if b > a else "")
        parts.append(f"<ins>{escape(transcript[c:d])}</ins>" if d > c else "")
    return "".join(parts)
