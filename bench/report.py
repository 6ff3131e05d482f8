"""Tables and the plot of the benchmarks, as Markdown and SVG."""

import html
import math
import platform
import statistics

GROUP = ("model", "batch", "height", "width")


def machine(peak):
    """A processor by its class: what matters for speed, and no more."""
    return f"{peak['threads']} cores, {platform.machine()}, vectors: {peak['vectors']}"


def table(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return "".join("| " + " | ".join(map(str, line)) + " |\n" for line in lines)


def ms(value):
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"


def groups(results):
    """The cells of one network and batch, fastest first; those that could not take part last."""
    found = {}
    for cell in results["cells"]:
        found.setdefault(tuple(cell[key] for key in GROUP), []).append(cell)
    for key, cells in found.items():
        yield key, sorted(cells, key=lambda cell: cell.get("median_ms", math.inf))


def ratio(cell, cells):
    """How many times as long as this library on the same driver (an engine without one: on the
    first): the median over the rounds, each compared within itself."""
    ours = [other for other in cells if other["name"] == "vkresnet" and "round_ms" in other
            and cell["driver"] in ("", other["driver"])]
    if not ours:
        return ""
    best = min(ours, key=lambda other: other["median_ms"])
    pairs = zip(cell["round_ms"], best["round_ms"])
    return f"{statistics.median(theirs / own for theirs, own in pairs):.2f}"


def group_rows(cells, shares):
    for cell in cells:
        if "median_ms" not in cell:
            continue
        batch = cell["batch"]
        start = [ms(cell[key]) if key in cell else "" for key in ("cold_ms", "warm_ms")]
        tuned = ", tuned" if cell["name"] == "vkresnet-tuned" else ""
        yield [cell["engine"] + tuned, cell["driver"], ms(cell["best_ms"]), ms(cell["median_ms"]),
               ms(cell["median_ms"] / batch), *([f"{100 * cell['share']:.1f} %"] if shares else []),
               ratio(cell, cells), f"{cell['error']:.0e}", *start]


def compare_text(results):
    peak, shares = results["peak"], results["device"] == "cpu"
    parts = [
        f"{results['date']}; {results['machine']}; {results['rounds']} rounds, turns of "
        f"{results['seconds']:g} s. Peak of the processor, measured in the same rounds: "
        f"{peak['gflops']:.0f} GFLOP/s (lowest round: "
        f"{min(one['gflops'] for one in results['peaks']):.0f}), copies "
        f"{peak['copy_gb_s']:.0f} GB/s.\n\n"
    ]
    devices = sorted({(cell["driver"], cell["device"], cell["device_driver"])
                      for cell in results["cells"]
                      if cell["name"] == "vkresnet" and "device" in cell})
    parts += [f"- {driver}: {device}; {version}\n" for driver, device, version in devices]
    for (model, batch, height, width), cells in groups(results):
        header = [
            "engine", "driver", "best, ms", "median, ms", "ms per image",
            *(["best, of peak"] if shares else []), "times VkResNet", "error", "cold start, ms",
            "warm start, ms"
        ]
        parts.append(f"\n**{model}, batch {batch}, {height} x {width}**\n\n")
        parts.append(table(header, group_rows(cells, shares)))
    missing = dict.fromkeys((cell["title"], cell["driver"], cell["reason"])
                            for cell in results["cells"] if "reason" in cell)
    if missing:
        parts.append("\nNot available:\n\n")
        parts += [f"- {title}{f' on {driver}' if driver else ''}: {reason}\n"
                  for title, driver, reason in missing]
    return "".join(parts)


def replace_section(path, name, text):
    """Puts `text` between the markers "<!-- name: begin -->" and "<!-- name: end -->" of a file."""
    with open(path, encoding="utf-8") as file:
        old = file.read()
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    if old.count(begin) != 1 or old.count(end) != 1 or old.index(begin) > old.index(end):
        raise ValueError(f"{path} needs the lines {begin.strip()} and {end}, once each")
    head, rest = old.split(begin)
    tail = rest.split(end)[1]
    with open(path, "w", encoding="utf-8") as file:
        file.write(head + begin + "\n" + text.strip("\n") + "\n\n" + end + tail)


LEFT, WIDTH, ROW, RIGHT = 270, 820, 20, 70
# Of this library, of others, of headings, the grid and the axis, on light and on dark pages.
STYLE = """<style>
text { fill: #1e293b } path, circle { fill: #475569; stroke: #475569 } .page { fill: white }
.ours { fill: #c2410c; stroke: #c2410c } text.ours { stroke: none } .grid { stroke: #cbd5e1 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } path, circle { fill: #9fb1c1; stroke: #9fb1c1 } .page { fill: #0d1117 }
.ours { fill: #ff9a62; stroke: #ff9a62 } text.ours { stroke: none } .grid { stroke: #30363d }
}
</style>
"""


def text_at(x, y, words, anchor="start", size=12, kind="", weight="normal"):
    return (
        f'<text{kind} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
        f'font-weight="{weight}">{html.escape(words)}</text>\n')


def plot(results):
    """A dot for each median on a logarithmic axis, since engines lie up to a hundredfold apart, and
    a line from the fastest run to it."""
    shown = [(key, [cell for cell in cells if "median_ms" in cell])
             for key, cells in groups(results)]
    values = [cell[key] for _, cells in shown for cell in cells for key in ("best_ms", "median_ms")]
    if not values:
        return '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>\n'
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    high = max(high, low + 1)

    def place(value):
        return LEFT + (math.log10(value) - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    body, y = [], 20
    for (model, batch, height, width), cells in shown:
        top = y + 10
        body.append(
            text_at(10, y, f"{model}, batch {batch}, {height} x {width}: ms per batch", size=13,
                    weight="bold"))
        for cell in cells:
            y += ROW
            kind = ' class="ours"' if cell["name"].startswith("vkresnet") else ""
            name = cell["title"] + (f", {cell['driver']}" if cell["driver"] else "")
            first, last = place(cell["best_ms"]), place(cell["median_ms"])
            body.append(text_at(LEFT - 10, y + 4, name, "end", kind=kind))
            body.append(
                f'<path{kind} d="M{first:.1f} {y}H{last:.1f}" stroke-width="2"/>\n'
                f'<circle{kind} cx="{last:.1f}" cy="{y}" r="4"/>\n')
            body.append(text_at(last + 9, y + 4, ms(cell["median_ms"]), size=11, kind=kind))
        y += ROW
        for power in range(low, high + 1):
            x = place(10.0**power)
            body.append(f'<path class="grid" d="M{x:.1f} {top}V{y - 6}"/>\n')
            body.append(text_at(x, y + 6, f"{10.0**power:g}", "middle", 11))
        y += 2 * ROW
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y}" '
            f'viewBox="0 0 {WIDTH} {y}" font-family="sans-serif">\n'
            f'{STYLE}<rect class="page" width="100%" height="100%"/>\n{"".join(body)}</svg>\n')
