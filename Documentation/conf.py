# SPDX-License-Identifier: GPL-2.0-only
project = "noiommu"
extensions = []
html_theme = "alabaster"
