// SPDX-License-Identifier: GPL-2.0-only
/*
 * NOIOMMU_ALLOC: no driver imports the memory where it would get bounce buffers.
 *
 * Guest: edu, importer.ko, and bounce buffers for all DMA.
 */
#include <errno.h>
#include <unistd.h>

#include "allocated.h"
#include "edu.h"
#include "importer.h"
#include "kselftest_harness.h"

TEST(bounced)
{
	struct noiommu_alloc alloc = noiommu_alloc_anywhere(PAGE);
	char edu[PCI_ADDRESS_SIZE];
	int fd, memory;

	ASSERT_EQ(0, run("modprobe noiommu"));
	ASSERT_EQ(0, pci_find(EDU_VENDOR, EDU_DEVICE, 0, edu));
	fd = noiommu_open_device();
	memory = noiommu_alloc_memory(fd, &alloc);
	ASSERT_LE(0, memory);
	EXPECT_EQ(-EBUSY, import(memory, edu, 64));
	close(memory);
	EXPECT_ALLOCATED(0);
	close(fd);
}

TEST_HARNESS_MAIN
