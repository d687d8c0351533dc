// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mediated devices: VFIO treats a BAR that is memory of the parent driver as RAM, and can map
 * it for DMA of other devices.
 *
 * Guest: edu.
 */
#include <errno.h>
#include <linux/vfio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "edu.h"
#include "iommufd.h"
#include "memory.h"
#include "noiommu.h"
#include "passthrough.h"
#include "pinned.h"
#include "sample.h"
#include "sysfs.h"
#include "translation.h"

#define WRITE NOIOMMU_ACCESS_WRITE
#define READ_WRITE (PROT_READ | PROT_WRITE)
/* Pages of each device; they may be scattered, so each needs a map. */
#define PAGES 64
#define LENGTH (PAGES * PAGE)
/* The registers of mbochs, and the first one that sets the mode. */
#define REGISTERS_BAR 2
#define MODE 0x500

TEST_F(mdev, mapped_by_type1)
{
	char *last = self->bar + LENGTH - PAGE;
	struct translation got;
	struct edu edu;
	size_t at = 0;
	int i;

	ASSERT_LE(LENGTH, self->length);
	ASSERT_EQ(0, passthrough_load());
	ASSERT_EQ(0, edu_bind("vfio-pci"));
	ASSERT_EQ(0, edu_open(&edu));
	ASSERT_TRUE(translation_get(&got, self->fd, self->bar, LENGTH,
				    WRITE, 0));
	EXPECT_EQ(-EINVAL, vfio_map(&edu.vfio, self->bar, got.extents->length,
				    got.extents->phys + PAGE));
	EXPECT_EQ(self->pinned, memory_pinned());
	for (i = 0; i < got.nr; i++) {
		ASSERT_EQ(0, vfio_map(&edu.vfio, self->bar + at,
				      got.extents[i].length,
				      got.extents[i].phys));
		at += got.extents[i].length;
	}
	/* Type1 counts in VmLck, not in VmPin. */
	EXPECT_EQ(self->pinned + PAGES, memory_pinned());
	EXPECT_EQ(self->locked + PAGES * KIB_PAGE, memory_locked());
	memory_fill(self->bar, EDU_BUFFER_SIZE, 2);
	EXPECT_TRUE(edu_copies(&edu, memory_phys(self->bar), memory_phys(last),
			       self->bar, last));
	edu_close(&edu);
	EXPECT_PINS(0, 0);
	translation_free(&got);
}

TEST_F(mdev, mapped_by_iommufd)
{
	char *last = self->bar + LENGTH - PAGE;
	struct translation got;
	struct space space;

	ASSERT_LE(LENGTH, self->length);
	ASSERT_EQ(0, space_open(&space, "vfio-pci", 0));
	ASSERT_TRUE(translation_get(&got, self->fd, self->bar, LENGTH,
				    WRITE, 0));
	EXPECT_EQ(-EINVAL, iommufd_map(space.fd, space.ioas, self->bar, PAGE,
				       got.extents->phys + PAGE));
	EXPECT_EQ(self->pinned, memory_pinned());
	ASSERT_EQ(0, iommufd_map_extents(space.fd, space.ioas, &got));
	EXPECT_EQ(self->pinned + PAGES, memory_pinned());
	memory_fill(self->bar, EDU_BUFFER_SIZE, 3);
	EXPECT_TRUE(edu_copies(&space.edu, memory_phys(self->bar),
			       memory_phys(last), self->bar, last));
	space_close(&space);
	EXPECT_EQ(self->pinned, memory_pinned());
	translation_free(&got);
}

/* The device has no DMA of its own, so its container compares and pins nothing. */
TEST_F(mdev, its_own_container)
{
	char *memory = memory_pages(PAGE);
	long mapped = -1;

	ASSERT_NE(MAP_FAILED, (void *)memory);
	EXPECT_EQ(0, vfio_map(&self->mdev.vfio, memory, PAGE, 0));
	EXPECT_EQ(0, file_read_long(PROVIDER "/mapped_bytes", &mapped));
	EXPECT_EQ(0, mapped);
	EXPECT_PINS(0, 0);
	EXPECT_EQ(0, vfio_unmap(&self->mdev.vfio, 0, PAGE));
}

/* --- Exported as a dma-buf --------------------------------------------------------- */

/* Exports the picture, of this many lines of 64 pixels, as a dma-buf. */
static int export_picture(struct vfio *vfio, __u16 lines, size_t *length)
{
	const __u16 mode[] = { 64, lines, 32, 1 };
	struct vfio_device_gfx_plane_info plane;
	int i;

	for (i = 0; i < ARRAY_SIZE(mode); i++)
		if (region_write(vfio, REGISTERS_BAR, MODE + 2 * (i + 1),
				 &mode[i], sizeof(mode[i])))
			return -1;
	/* The first call creates the dma-buf and fails; the second one finds it. */
	for (i = 0; i < 2; i++) {
		plane = (struct vfio_device_gfx_plane_info){
			.argsz = sizeof(plane),
			.flags = VFIO_GFX_PLANE_TYPE_DMABUF,
			.drm_plane_type = 1,
		};
		if (!ioctl(vfio->device, VFIO_DEVICE_QUERY_GFX_PLANE, &plane))
			break;
	}
	*length = plane.size;
	return ioctl(vfio->device, VFIO_DEVICE_GET_GFX_DMABUF,
		     &plane.dmabuf_id);
}

/*
 * mbochs lets no process and no other device map its dma-buf, so nothing can be translated or
 * pinned. The dma-buf is closed before the device, because mbochs expects that order.
 */
TEST(dmabuf)
{
	struct space space;
	struct mdev mdev;
	size_t length;
	__u64 phys;
	int dmabuf;

	/* When mbochs releases a dma-buf, it leaks the array of its pages. */
	if (!access("/sys/kernel/debug/kmemleak", F_OK))
		SKIP(return, "mbochs leaks, and this kernel would say so");

	ASSERT_EQ(0, mdev_open(&mdev, "mbochs-small"));
	ASSERT_EQ(0, space_open(&space, "vfio-pci", 0));
	dmabuf = export_picture(&mdev.vfio, 128, &length);
	ASSERT_LE(0, dmabuf);
	EXPECT_EQ(8 * PAGE, length);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, length, READ_WRITE, MAP_SHARED, dmabuf,
				   0));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, length, PROT_READ, MAP_SHARED, dmabuf,
				   0));
	EXPECT_EQ(EINVAL, errno);
	/* The picture is at the start of the memory. */
	*(volatile char *)mdev.bar = 1;
	phys = memory_phys(mdev.bar);
	EXPECT_EQ(-EOPNOTSUPP, iommufd_map_file(space.fd, space.ioas, dmabuf,
						PAGE, phys));
	EXPECT_EQ(0, iommufd_map(space.fd, space.ioas, mdev.bar, PAGE, phys));
	close(dmabuf);
	space_close(&space);
	EXPECT_EQ(0, mdev_remove(&mdev));
}

TEST_HARNESS_MAIN
