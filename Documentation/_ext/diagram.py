# SPDX-License-Identifier: GPL-2.0-only
"""Drawings in ASCII become SVG in HTML, which scales with the page.

A literal block after "rst-class:: diagram" is a drawing: lines of - and |, which meet in +,
arrows < > v ^, and text. Two or more - are a line, a single one between letters is text.
"""
import html
import re

from docutils import nodes

WIDTH, HEIGHT = 7.25, 17
# A line from left to right, with what it meets and its arrows.
ROW = re.compile(r"[-+|<>]*(?:[-+|<]-|-[-+|>])[-+|<>]*")


class Drawing:
    def __init__(self, text):
        rows = text.rstrip().split("\n")
        self.width = max(map(len, rows))
        self.rows = [row.ljust(self.width) for row in rows]
        self.used = set()
        self.parts = []

    def at(self, y, x):
        inside = 0 <= y < len(self.rows) and 0 <= x < self.width
        return self.rows[y][x] if inside else " "

    def line(self, x1, y1, x2, y2):
        self.parts.append(f'<path d="M{x1:g} {y1:g}L{x2:g} {y2:g}"/>')

    def head(self, x, y, dx, dy):
        """An arrowhead with its tip at x, y."""
        back_x, back_y = x - 7 * dx, y - 7 * dy
        self.parts.append(f'<path class="head" d="M{x:g} {y:g}L{back_x + 3 * dy:g} {back_y + 3 * dx:g}'
                          f'L{back_x - 3 * dy:g} {back_y - 3 * dx:g}z"/>')

    def horizontal(self, y, match):
        first, last = match.start(), match.end() - 1
        middle = (y + .5) * HEIGHT
        # A line ends in the middle of what it meets, else at the edge of its cell.
        left = (first + (0 if self.at(y, first) in "-<" else .5)) * WIDTH
        right = (last + (1 if self.at(y, last) in "->" else .5)) * WIDTH
        self.line(left, middle, right, middle)
        for x in range(first, last + 1):
            if self.at(y, x) == "<":
                self.head((x - .5 * (self.at(y, x - 1) == "|")) * WIDTH, middle, -1, 0)
            elif self.at(y, x) == ">":
                self.head((x + 1 + .5 * (self.at(y, x + 1) == "|")) * WIDTH, middle, 1, 0)
        self.used.update((y, x) for x in range(first, last + 1))

    def vertical(self, y, x):
        middle, char = (x + .5) * WIDTH, self.at(y, x)
        above, below = self.at(y - 1, x), self.at(y + 1, x)
        if char == "|":
            top = y if above != "-" else y - .5
            self.line(middle, top * HEIGHT, middle, (y + (1 if below != "-" else 1.5)) * HEIGHT)
        elif char == "+" and (above == "|" or below == "|"):
            self.line(middle, (y + (0 if above == "|" else .5)) * HEIGHT,
                      middle, (y + (1 if below == "|" else .5)) * HEIGHT)
        elif char == "v" and above in "|-" and self.at(y, x - 1) == self.at(y, x + 1) == " ":
            self.line(middle, (y - (.5 if above == "-" else 0)) * HEIGHT, middle, (y + .5) * HEIGHT)
            self.head(middle, (y + .8) * HEIGHT, 0, 1)
        elif char == "^" and below in "|-":
            self.line(middle, (y + .5) * HEIGHT, middle, (y + 1) * HEIGHT)
            self.head(middle, (y + .2) * HEIGHT, 0, -1)
        else:
            return
        self.used.add((y, x))

    def words(self, y):
        row = "".join(" " if (y, x) in self.used else char for x, char in enumerate(self.rows[y]))
        for match in re.finditer(r"\S+(?: \S+)*", row):
            length = len(match[0]) * WIDTH
            self.parts.append(f'<text x="{match.start() * WIDTH:g}" y="{(y + .7) * HEIGHT:g}" '
                              f'textLength="{length:g}">{html.escape(match[0])}</text>')

    def svg(self):
        for y, row in enumerate(self.rows):
            for match in ROW.finditer(row):
                self.horizontal(y, match)
            for x in range(self.width):
                self.vertical(y, x)
            self.words(y)
        width, height = self.width * WIDTH, len(self.rows) * HEIGHT
        return (f'<svg class="diagram" xmlns="http://www.w3.org/2000/svg" role="img" '
                f'viewBox="-1 0 {width + 2:g} {height:g}" style="max-width: {width * 1.15:g}px">'
                + "".join(self.parts) + "</svg>")


def draw(app, doctree, _docname):
    if app.builder.format != "html":
        return
    for node in list(doctree.findall(nodes.literal_block)):
        if "diagram" in node["classes"]:
            node.replace_self(nodes.raw("", Drawing(node.astext()).svg(), format="html"))


def setup(app):
    app.connect("doctree-resolved", draw)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
