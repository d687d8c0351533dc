/* SPDX-License-Identifier: GPL-2.0-only */
struct bus_type {
	const char		*name;
	const struct dev_pm_ops *pm;

	bool driver_override;
};
