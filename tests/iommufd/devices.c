// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices opened by their own nodes: DMA, interrupts, and addresses of BARs.
 *
 * Guest: edu twice, and ivshmem.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "held.h"
#include "interrupts.h"
#include "iommufd.h"
#include "kselftest_harness.h"
#include "memory.h"
#include "noiommu.h"
#include "passthrough.h"
#include "sysfs.h"
#include "translation.h"

#define WRITE NOIOMMU_ACCESS_WRITE
#define READ_WRITE (PROT_READ | PROT_WRITE)
#define MEMTYPES "/sys/kernel/debug/x86/pat_memtype_list"
#define SHM_BAR 2
#define ROUNDS 8

FIXTURE(cdev_dma)
{
	struct space space;
	struct edu *edu;
	struct held held;
	/* Descriptor of /dev/noiommu. */
	int fd;
};

BOTH_DRIVERS(cdev_dma);

FIXTURE_SETUP(cdev_dma)
{
	ASSERT_EQ(0, space_open(&self->space, variant->driver, 0));
	self->edu = &self->space.edu;
	self->fd = noiommu_open_device();
	ASSERT_LE(0, self->fd);
	self->held = held_now();
}

FIXTURE_TEARDOWN(cdev_dma)
{
	space_close(&self->space);
	EXPECT_HELD(0);
	close(self->fd);
}

/* --- DMA ---------------------------------------------------------------------- */

TEST_F(cdev_dma, huge_page)
{
	char *memory = memory_huge(HUGE_2M), *to = memory + HUGE_2M / 2;
	__u64 iova;

	ASSERT_NE(MAP_FAILED, (void *)memory);
	iova = translate_one(self->fd, memory, WRITE, NULL);
	ASSERT_EQ(0, iommufd_map(self->space.fd, self->space.ioas, memory,
				 HUGE_2M, iova));
	memory_fill(memory, EDU_BUFFER_SIZE, 1);
	EXPECT_TRUE(edu_copies(self->edu, iova, iova + HUGE_2M / 2, memory,
			       to));
	EXPECT_EQ(HUGE_2M, iommufd_unmap(self->space.fd, self->space.ioas,
					 iova, HUGE_2M));
}

/* Maps each run by itself, and copies from each page to the next. */
TEST_F(cdev_dma, small_pages)
{
	const size_t length = 16 * PAGE;
	char *memory = memory_partly_contiguous();
	struct translation got;
	size_t at;

	ASSERT_NE(MAP_FAILED, (void *)memory);
	ASSERT_TRUE(translation_get(&got, self->fd, memory, length, WRITE, 0));
	ASSERT_LE(3, got.nr);
	ASSERT_EQ(0, iommufd_map_extents(self->space.fd, self->space.ioas,
					 &got));
	EXPECT_HELD(length / PAGE);
	memory_fill(memory, EDU_BUFFER_SIZE, 2);
	for (at = PAGE; at < length; at += PAGE)
		EXPECT_TRUE(edu_copies(self->edu,
				       memory_phys(memory + at - PAGE),
				       memory_phys(memory + at),
				       memory + at - PAGE, memory + at));
	translation_free(&got);
}

TEST_F(cdev_dma, two_devices)
{
	char *memory = memory_huge(HUGE_2M);
	struct space second;
	__u64 iova;

	ASSERT_NE(MAP_FAILED, (void *)memory);
	ASSERT_EQ(0, space_join(&second, &self->space, variant->driver, 1));
	iova = translate_one(self->fd, memory, WRITE, NULL);
	ASSERT_EQ(0, iommufd_map(self->space.fd, self->space.ioas, memory,
				 HUGE_2M, iova));
	memory_fill(memory, EDU_BUFFER_SIZE, 3);
	EXPECT_TRUE(edu_copies(self->edu, iova, iova + PAGE, memory,
			       memory + PAGE));
	EXPECT_TRUE(edu_copies(&second.edu, iova + PAGE, iova + 2 * PAGE,
			       memory + PAGE, memory + 2 * PAGE));
	space_close(&second);
	EXPECT_TRUE(edu_copies(self->edu, iova, iova + 3 * PAGE, memory,
			       memory + 3 * PAGE));
}

/* --- Interrupts ------------------------------------------------------------------ */

TEST_F(cdev_dma, interrupts)
{
	struct vfio *vfio = &self->edu->vfio;
	int event = event_create(), i;

	edu_acknowledge(self->edu);
	ASSERT_EQ(0, irq_route(vfio, MSI, 0, 1, &event));
	EXPECT_EQ(1, irq_handlers(self->space.address));
	for (i = 0; i < ROUNDS; i++) {
		edu_raise(self->edu);
		ASSERT_EQ(1, event_count(event));
		edu_acknowledge(self->edu);
	}
	EXPECT_TRUE(event_quiet(event));
	space_close(&self->space);
	EXPECT_EQ(0, irq_handlers(self->space.address));
	close(event);
}

/* --- BARs ------------------------------------------------------------------------ */

struct shm {
	char address[PCI_ADDRESS_SIZE];
	struct vfio vfio;
	__u64 phys;
	size_t length;
	char *bar;
};

/* ivshmem, bound to the same /dev/iommu, and its memory mapped but not touched. */
static bool map_shm(struct shm *shm, struct space *space)
{
	__u32 device;

	shm->phys = bar_start(shm->address, SHM_BAR);
	shm->length = bar_length(shm->address, SHM_BAR);
	if (cdev_open(&shm->vfio, shm->address) ||
	    cdev_bind(&shm->vfio, space->fd, &device) ||
	    vfio_set_memory(&shm->vfio, true))
		return false;
	shm->bar = region_map(&shm->vfio, SHM_BAR, 0, shm->length, READ_WRITE);
	return shm->bar != MAP_FAILED;
}

TEST_F(cdev_dma, bar)
{
	__u32 value = 0x600df00d, got, nr = 0, id;
	struct shm shm;

	ASSERT_EQ(0, pci_find(SHM_VENDOR, SHM_DEVICE, 0, shm.address));
	ASSERT_EQ(0, passthrough_bind(shm.address, variant->driver));
	ASSERT_TRUE(map_shm(&shm, &self->space));
	EXPECT_TRUE(translates_to_bar(self->fd, shm.bar, shm.length, WRITE,
				      shm.phys));
	EXPECT_EQ(variant->faults, was_present(shm.bar));
	EXPECT_TRUE(translates_to_bar(self->fd, shm.bar + PAGE - 3, PAGE, 0,
				      shm.phys + PAGE - 3));
	ASSERT_EQ(0, region_write(&shm.vfio, SHM_BAR, 5 * PAGE, &value,
				  sizeof(value)));
	ASSERT_TRUE(can_read(shm.bar + 5 * PAGE, &got));
	EXPECT_EQ(value, got);
	EXPECT_EQ(-EOPNOTSUPP, noiommu_pin_range(self->fd, shm.bar, PAGE, 0,
						 NULL, &nr, &id));
	ASSERT_EQ(0, vfio_set_memory(&shm.vfio, false));
	EXPECT_EQ(-EFAULT, translate_error(self->fd, shm.bar, PAGE, 0));
	vfio_close(&shm.vfio);
}

/* Is the whole BAR write-combined in the kernel's list of memory types? */
static bool is_combined(const struct shm *shm)
{
	return !run("grep 'mem 0x0*%llx-0x0*%llx. write-combining' " MEMTYPES,
		    shm->phys, shm->phys + shm->length);
}

TEST(write_combining)
{
	__u32 value = 0x12345678, got;
	struct space space;
	struct shm shm;

	ASSERT_EQ(0, space_bind(&space, "noiommu-pci", 0));
	ASSERT_EQ(0, pci_find(SHM_VENDOR, SHM_DEVICE, 0, shm.address));
	ASSERT_EQ(0, passthrough_bind(shm.address, "noiommu-pci"));
	ASSERT_EQ(0, pci_write(shm.address, "write_combine", "1"));
	ASSERT_TRUE(map_shm(&shm, &space));
	memcpy(shm.bar + PAGE, &value, sizeof(value));
	__sync_synchronize();
	ASSERT_EQ(0, region_read(&shm.vfio, SHM_BAR, PAGE, &got, sizeof(got)));
	EXPECT_EQ(value, got);
	EXPECT_TRUE(is_combined(&shm));
	munmap(shm.bar, shm.length);
	vfio_close(&shm.vfio);

	ASSERT_EQ(0, pci_write(shm.address, "write_combine", "0"));
	ASSERT_TRUE(map_shm(&shm, &space));
	ASSERT_TRUE(can_read(shm.bar + PAGE, &got));
	EXPECT_EQ(value, got);
	EXPECT_FALSE(is_combined(&shm));
	vfio_close(&shm.vfio);
	space_close(&space);
}

TEST_HARNESS_MAIN
