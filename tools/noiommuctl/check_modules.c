// SPDX-License-Identifier: GPL-2.0-only
/* Checks of noiommu's modules and VFIO's, and of their parameters. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "noiommuctl.h"

/* Does the boolean parameter have this letter? False without the parameter. */
static bool parameter_is(char letter, const char *module, const char *parameter)
{
	char value[8];

	file_read(value, sizeof(value), "/sys/module/%s/parameters/%s", module, parameter);
	return *value == letter;
}

void check_module(struct finding *finding)
{
	char reason[128];

	if (noiommu_is_loaded())
		return;
	if (log_find("noiommu: refused: ", reason, sizeof(reason)))
		found(finding, "dmesg | grep noiommu", "noiommu refused this host: %s", reason);
	else
		found(finding, "modprobe noiommu devices=ADDRESS", "noiommu is not loaded");
}

/* An upgrade of the packages does not replace the module that is loaded. */
void check_version(struct finding *finding)
{
	char version[NAME_SIZE];

	noiommu_version(version);
	if (*version && strcmp(version, VERSION))
		found(finding, "modprobe -r noiommu-pci noiommu; modprobe noiommu devices=ADDRESS",
		      "the loaded module has version %s, and noiommuctl %s", version, VERSION);
}

void check_enabled(struct finding *finding)
{
	char enable[8];

	file_read(enable, sizeof(enable), PROVIDER "/enable");
	if (!strcmp(enable, "0"))
		found(finding, "echo 1 >" PROVIDER "/enable", "claims are switched off");
}

void check_claims(struct finding *finding)
{
	char claimed[16];

	file_read(claimed, sizeof(claimed), PROVIDER "/claimed");
	if (!strcmp(claimed, "0"))
		found(finding, "noiommuctl bind ADDRESS",
		      "noiommu is loaded and claims no function");
}

void check_vfio(struct finding *finding)
{
	if (noiommu_is_loaded() && !file_exists("/sys/bus/pci/drivers/vfio-pci") &&
	    !file_exists("/sys/bus/pci/drivers/noiommu-pci"))
		found(finding, "modprobe vfio-pci", "neither vfio-pci nor noiommu-pci is loaded");
}

/* Parameters in modprobe.d have no effect on built-in code. */
void check_unsafe_interrupts(struct finding *finding)
{
	static const char *const modules[] = { "vfio_iommu_type1", "iommufd" };
	char mend[256], line[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(modules); i++) {
		if (!parameter_is('N', modules[i], "allow_unsafe_interrupts"))
			continue;
		snprintf(mend, sizeof(mend),
			 "echo 1 >/sys/module/%s/parameters/allow_unsafe_interrupts", modules[i]);
		snprintf(line, sizeof(line), "%s ", modules[i]);
		if (file_has(line, "/proc/modules"))
			found(finding, mend, "%s refuses hosts without interrupt remapping",
			      modules[i]);
		else
			found(finding, mend,
			      "%s refuses hosts without interrupt remapping, and is built in: at boot, the command line must have %s.allow_unsafe_interrupts=1",
			      modules[i], modules[i]);
		return;
	}
}

/* In this mode VFIO makes groups of its own for functions that are bound before their claim. */
void check_unsafe_mode(struct finding *finding)
{
	if (parameter_is('Y', "vfio", "enable_unsafe_noiommu_mode"))
		found(finding, "echo 0 >/sys/module/vfio/parameters/enable_unsafe_noiommu_mode",
		      "VFIO's own no-IOMMU mode is on: it takes functions that noiommu has not claimed, and pins nothing");
}

void check_dpdk_mode(struct finding *finding)
{
	if (noiommu_is_loaded() && !parameter_is('Y', "noiommu", "pa_hint"))
		found(finding, "start DPDK with --iova-mode=pa, or load noiommu without pa_hint=0",
		      "unmodified DPDK selects virtual addresses here, which noiommu refuses");
}
