/* SPDX-License-Identifier: GPL-2.0-only */
struct bus_type {
	const char		*name;
	int (*match)(struct device *dev, const struct device_driver *drv);
	int (*uevent)(const struct device *dev, struct kobj_uevent_env *env);
	bool need_parent_lock;
};
