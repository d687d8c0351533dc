/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mediated devices of the kernel's samples: displays whose BAR 0 is memory of the parent
 * driver.
 */
#ifndef TESTS_MDEV_H
#define TESTS_MDEV_H

#include <stdbool.h>
#include <stddef.h>

#include "vfio.h"

struct mdev {
	/* The device is -1 when it is closed. */
	struct vfio vfio;
	size_t length;
	char *bar;
};

/* All return 0 or -errno, or the status of the command that loads the samples. */

/*
 * Creates a device, "mdpy-vga" or "mbochs-small", and opens it in a container of its own,
 * with BAR 0 mapped but not touched.
 */
int mdev_open(struct mdev *mdev, const char *type);
/* Unmaps and closes it, so that it can be removed. */
void mdev_close(struct mdev *mdev);
/* Opens it again, by its own node. */
int mdev_open_cdev(struct mdev *mdev, int iommufd);
/* Closes the device first, if it is open. */
int mdev_remove(struct mdev *mdev);
bool mdev_exists(void);

#endif
