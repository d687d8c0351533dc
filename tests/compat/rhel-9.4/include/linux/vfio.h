/* SPDX-License-Identifier: GPL-2.0-only */
struct vfio_device {
	struct device *dev;
#if IS_ENABLED(CONFIG_IOMMUFD)
	struct iommufd_device *iommufd_device;
#endif
};

struct vfio_device_ops {
	char	*name;
	int	(*init)(struct vfio_device *vdev);
	void	(*release)(struct vfio_device *vdev);
	int	(*bind_iommufd)(struct vfio_device *vdev,
				struct iommufd_ctx *ictx, u32 *out_device_id);
	void	(*unbind_iommufd)(struct vfio_device *vdev);
	int	(*attach_ioas)(struct vfio_device *vdev, u32 *pt_id);
	void	(*detach_ioas)(struct vfio_device *vdev);
	/* (*pasid_attach_ioas)() is of later kernels. */
	int	(*open_device)(struct vfio_device *vdev);
	long	(*ioctl)(struct vfio_device *vdev, unsigned int cmd,
			 int (*teleport)(void));
	int	(*match)(struct vfio_device *vdev, char *buf);
};
