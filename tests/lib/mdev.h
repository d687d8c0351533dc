/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mediated devices, of the kernel's samples: displays with memory of their parent
 * driver's as BAR 0.
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

/* All return 0 or -errno, or the status of what loads the samples. */

/*
 * Creates one, "mdpy-vga" or "mbochs-small", and opens it in a container of its
 * own, with BAR 0 mapped but not touched.
 */
int mdev_open(struct mdev *mdev, const char *type);
/* Unmaps and closes it, so that it can go. */
void mdev_close(struct mdev *mdev);
/* Again, by its own node. */
int mdev_open_cdev(struct mdev *mdev, int iommufd);
/* What is open is closed first. */
int mdev_remove(struct mdev *mdev);
bool mdev_exists(void);

#endif
