"""Owns the drawing of charts: pictures of columns beside the tables that say the same, without script or style."""

from collections.abc import Sequence

from markupsafe import Markup, escape

WIDTH, HEIGHT = 760, 260
PETROL, INK, LINE = "#0b5563", "#1d2b36", "#c8d1d6"


def columns(title: str, values: Sequence[tuple[str, float]], *, highest: float | None = None) -> Markup:
    """Draw one column for each value, as an SVG that a page can hold; ``title`` says what it shows.

    No two values may have the same words: they would be one column.
    """
    import leather  # a few megabytes, for the few who look at figures
    from leather import theme

    theme.background_color, theme.zero_color, theme.tick_color = "#ffffff", INK, LINE
    theme.label_color = theme.axis_title_color = INK
    theme.tick_font_family = theme.title_font_family = theme.axis_title_font_family = "Public Sans, Arial, sans-serif"
    theme.margin, theme.tick_font_size = 0.02, 12
    chart = leather.Chart()
    chart.add_columns([(words, value) for words, value in values], fill_color=PETROL)
    if highest is None:
        step = _step(max((value for _, value in values), default=0))
        highest = 4 * step
        chart.add_y_axis(ticks=range(0, highest + 1, step))
    chart.add_y_scale(0, highest)
    drawn = str(chart.to_svg(width=WIDTH, height=HEIGHT))
    _, _, inner = drawn.partition(">")
    head = Markup('<svg class="staff-chart" viewBox="0 0 {} {}" role="img" aria-label="{}">')
    return head.format(WIDTH, HEIGHT, escape(title)) + Markup(inner)  # noqa: S704 - leather escapes what it writes


def _step(most: float) -> int:
    """How far apart four lines stand that count whole things: 1, 2 or 5 with as many noughts as it takes."""
    units = (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000)
    return next(step * unit for unit in units for step in (1, 2, 5) if 4 * step * unit >= most)
