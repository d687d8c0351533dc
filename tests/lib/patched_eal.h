/* SPDX-License-Identifier: GPL-2.0-only */
/* Expectations of a testpmd of Debian that has a patched librte_eal. */
#ifndef TESTS_PATCHED_EAL_H
#define TESTS_PATCHED_EAL_H

#include "client.h"
/* In angles, because the harness includes the next file of its name. */
#include <kselftest_harness.h>
#include "memory.h"
#include "sysfs.h"
#include "testpmd.h"

/* It needs neither an option nor the capability, and says what it uses instead. */
static inline void expect_patched_eal(struct __test_metadata *_metadata, struct testpmd *pmd)
{
	EXPECT_EQ(0, program_status(&pmd->program, "CapEff", 16) & CAPABILITY(CAP_SYS_ADMIN));
	EXPECT_TRUE(testpmd_said(pmd, "Selected IOVA mode 'PA'"));
	EXPECT_TRUE(testpmd_said(pmd, CLIENT_LOOKS_UP));
	EXPECT_TRUE(testpmd_said(pmd, CLIENT_PINS));
}

/*
 * It has taken these pins, for whole huge pages, and maps nothing: VFIO's maps would pin each small
 * page of a huge page.
 */
static inline void expect_huge_pins(struct __test_metadata *_metadata, struct testpmd *pmd,
				    long pins)
{
	EXPECT_LT(0, pins);
	EXPECT_EQ(pins / HUGE_2M_PINS * HUGE_2M,
		  program_status(&pmd->program, "VmPin", 10) << 10);
	EXPECT_EQ(0, provider_mapped());
}

#endif
