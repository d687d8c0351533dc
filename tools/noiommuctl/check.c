// SPDX-License-Identifier: GPL-2.0-only
/* noiommuctl check: find problems of this host, and print the command that fixes each. */
#include <stdarg.h>
#include <stdio.h>

#include "noiommuctl.h"

static const struct check {
	const char *name;
	void (*run)(struct finding *finding);
} checks[] = {
	{ "iommu", check_iommu },
	{ "encryption", check_encryption },
	{ "lockdown", check_lockdown },
	{ "secure-boot", check_secure_boot },
	{ "headers", check_headers },
	{ "module", check_module },
	{ "version", check_version },
	{ "enabled", check_enabled },
	{ "claims", check_claims },
	{ "refused", check_refused },
	{ "offsets", check_offsets },
	{ "coherency", check_coherency },
	{ "reach", check_reach },
	{ "vfio", check_vfio },
	{ "unsafe-interrupts", check_unsafe_interrupts },
	{ "unsafe-mode", check_unsafe_mode },
	{ "overrides", check_overrides },
	{ "huge-pages", check_huge_pages },
	{ "hugetlbfs", check_hugetlbfs },
	{ "memlock", check_memlock },
	{ "permissions", check_permissions },
	{ "capability", check_capability },
	{ "dpdk-mode", check_dpdk_mode },
};

void found(struct finding *finding, const char *mend, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(finding->problem, sizeof(finding->problem), format, arguments);
	va_end(arguments);
	snprintf(finding->mend, sizeof(finding->mend), "%s", mend);
}

static bool is_fine(const struct check *check)
{
	struct finding finding = { };

	check->run(&finding);
	if (!*finding.problem) {
		printf("%sok%s       %s\n", colour_good(), colour_end(), check->name);
		return true;
	}
	printf("%sproblem%s  %s: %s\n         try: %s\n", colour_bad(), colour_end(), check->name,
	       finding.problem, finding.mend);
	return false;
}

int command_check(int argc, char **argv)
{
	int ret = EXIT_DONE;
	size_t i;

	(void)argv;
	if (argc != 1)
		return EXIT_USAGE;
	for (i = 0; i < ARRAY_SIZE(checks); i++)
		if (!is_fine(&checks[i]))
			ret = EXIT_FAILED;
	return ret;
}
