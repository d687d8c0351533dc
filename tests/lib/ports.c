// SPDX-License-Identifier: GPL-2.0-only
#include "passthrough.h"
#include "ports.h"
#include "sysfs.h"

static bool ports_have_driver(const char *driver)
{
	return pci_has_driver(PORT_0, driver) && pci_has_driver(PORT_1, driver);
}

static void load_native_drivers(void)
{
	/*
	 * The guest has no udev that would load the drivers of the NICs. A driver may also be
	 * built in.
	 */
	run("cd /sys/bus/pci/devices; "
	    "modprobe -q -a virtio_net $(cat 0000:00:0[4-7].0/modalias) || true");
}

bool ports_bind(const char *driver)
{
	load_native_drivers();
	return !passthrough_bind(PORT_0, driver) && !passthrough_bind(PORT_1, driver) &&
	       ports_have_driver(driver);
}

bool ports_devbind(const char *driver)
{
	load_native_drivers();
	return (ports_have_driver(driver) ||
		!run("dpdk-devbind.py --bind=%s %s %s", driver, PORT_0, PORT_1)) &&
	       ports_have_driver(driver);
}

int wires_open(struct wire wires[2])
{
	int ret;

	ret = wire_open(&wires[0], WIRE_0);
	if (ret)
		return ret;
	ret = wire_open(&wires[1], WIRE_1);
	if (ret)
		wire_close(&wires[0]);
	return ret;
}

void wires_close(struct wire wires[2])
{
	wire_close(&wires[0]);
	wire_close(&wires[1]);
}
