# SPDX-License-Identifier: GPL-2.0-only
"""Built by scripts/docs, and by a plain "sphinx-build Documentation OUT"."""
import pathlib
import sys

top = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(top / "Documentation/_ext"))

project = "noiommu"
copyright = "The noiommu developers"
release = (top / "VERSION").read_text(encoding="utf-8").strip()
version = release
extensions = ["diagram"]
exclude_patterns = ["bench-*.rst", "man"]
# What has no language is output, commands, or both.
highlight_language = "none"

html_theme = "alabaster"
html_title = f"noiommu {release}"
html_static_path = ["_static"]
html_css_files = ["noiommu.css"]
html_copy_source = False
html_show_sphinx = False
html_sidebars = {"**": ["about.html", "navigation.html", "searchbox.html"]}
html_theme_options = {
    "description": f"VFIO on hosts without an IOMMU, {release}",
    "page_width": "1180px",
    "sidebar_width": "220px",
    "body_min_width": "0",
    "body_max_width": "930px",
    "show_powered_by": False,
}

# scripts/docs writes it with the kernel's kernel-doc. Without it the header itself, which has
# the same text, takes its place.
reference = top / "build/docs/uapi-reference.rst"
if not reference.exists():
    reference.parent.mkdir(parents=True, exist_ok=True)
    reference.write_text(".. literalinclude:: ../include/uapi/linux/noiommu.h\n   :language: c\n",
                         encoding="utf-8")
