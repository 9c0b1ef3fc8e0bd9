"""Charts for pages whose policy allows no styles but those of their own style sheet."""

from __future__ import annotations

import re

from feedback_nlp.report.charts import Chart

__all__ = ["page_svg"]

_SHEET = re.compile(r"<style.*?</style>", re.DOTALL)
_STYLE = re.compile(r' style="([^"]*)"')
_GROUP = re.compile(r'<g id="[^"]*"')
#: Inherited by all lines; in the picture itself a style sheet says so.
_ROOT = '<svg focusable="false" stroke-linejoin="round" stroke-linecap="butt" '


def page_svg(chart: Chart) -> str:
    """Return a chart as SVG without style attributes and sheets, in the light or dark colours of its page.

    Examples
    --------
    >>> print(page_svg(Chart("n", "t", '<svg ><g id="axes_1"><path style="fill: none"/></g></svg>', (), ()))[79:])
    aria-hidden="true" ><g><path fill="none"/></g></svg>
    """
    svg = _SHEET.sub("", chart.inline)
    # Names of groups repeat from chart to chart; nothing refers to them.
    svg = _GROUP.sub("<g", _STYLE.sub(_attributes, svg))
    return svg.replace("<svg ", _ROOT, 1)


def _attributes(style: re.Match[str]) -> str:
    pairs = (part.partition(":") for part in style[1].split(";") if part.strip())
    return "".join(f' {name.strip()}="{value.strip()}"' for name, _, value in pairs)
