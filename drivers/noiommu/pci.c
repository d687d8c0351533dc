// SPDX-License-Identifier: GPL-2.0-only
/*
 * noiommu-pci: the passthrough driver for functions that noiommu.ko serves.
 *
 * vfio-pci-core does the work. This driver adds the privilege check at open, the
 * parameters, and the physical addresses of BARs for /dev/noiommu.
 */
#define pr_fmt(fmt) "noiommu-pci: " fmt

#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/vfio.h>
#include <linux/vfio_pci_core.h>

#include "compat.h"
#include "export.h"
#include "pci.h"

/* Core's operations of mappings: taken from the first mapping, and equal for all. */
static const struct vm_operations_struct *noiommu_pci_vm_ops;

/* --- Parameters ------------------------------------------------------------------ */

/*
 * The same as vfio-pci's. Some kernels keep vfio-pci's in vfio-pci-core, where they
 * apply to the functions of all drivers. These apply only to functions of this driver,
 * and do not change core's.
 */
static bool disable_idle_d3;
module_param(disable_idle_d3, bool, 0644);
MODULE_PARM_DESC(disable_idle_d3,
		 "Keep functions that are not open out of the D3 power state; from the next bind on");

static bool nointxmask;
module_param(nointxmask, bool, 0644);
MODULE_PARM_DESC(nointxmask,
		 "Mask INTx at the interrupt controller, not in the function; from the next open on");

static bool disable_vga;
module_param(disable_vga, bool, 0644);
MODULE_PARM_DESC(disable_vga,
		 "Offer no legacy VGA region; from the next open on");

static bool enable_sriov;
module_param(enable_sriov, bool, 0644);
MODULE_PARM_DESC(enable_sriov,
		 "Let sriov_numvfs create virtual functions, which need support by the user of the physical function");

/* Called when core has just read the features of the function, before anybody uses it. */
static void noiommu_pci_restrict(struct vfio_pci_core_device *core)
{
	if (READ_ONCE(nointxmask))
		core->pci_2_3 = false;
	if (READ_ONCE(disable_vga))
		core->has_vga = false;
}

/* Called before core allows runtime suspend. */
static void noiommu_pci_keep_awake(struct noiommu_pci *dev, struct device *device)
{
	dev->stays_awake = READ_ONCE(disable_idle_d3);
	if (dev->stays_awake)
		pm_runtime_get_noresume(device);
}

static void noiommu_pci_let_sleep(struct noiommu_pci *dev, struct device *device)
{
	if (dev->stays_awake)
		pm_runtime_put_noidle(device);
}

/* --- VFIO device --------------------------------------------------------------- */

static void noiommu_pci_close(struct vfio_device *vdev)
{
	vfio_pci_core_close_device(vdev);
	WRITE_ONCE(to_noiommu_pci(vdev)->combined, 0);
}

static int noiommu_pci_open(struct vfio_device *vdev)
{
	struct noiommu_pci *dev = to_noiommu_pci(vdev);
	int ret;

	if (!noiommu_permitted())
		return -EPERM;
	ret = vfio_pci_core_enable(&dev->core);
	if (ret)
		return ret;
	noiommu_pci_restrict(&dev->core);
	/* Only this finds out which BARs can be mapped. */
	vfio_pci_core_finish_enable(&dev->core);
	ret = noiommu_pci_combine(dev);
	if (ret)
		noiommu_pci_close(vdev);
	return ret;
}

/*
 * Called for each VFIO_GROUP_GET_DEVICE_FD, even if the device is open already. So the
 * privilege is checked here as well.
 */
static int noiommu_pci_match(struct vfio_device *vdev, char *name)
{
	int ret = vfio_pci_core_match(vdev, name);

	return ret > 0 && !noiommu_permitted() ? -EPERM : ret;
}

static int noiommu_pci_mmap(struct vfio_device *vdev,
			    struct vm_area_struct *vma)
{
	struct noiommu_pci *dev = to_noiommu_pci(vdev);
	unsigned int index = vma->vm_pgoff >>
			     (VFIO_PCI_OFFSET_SHIFT - PAGE_SHIFT);
	int ret;

	ret = vfio_pci_core_mmap(vdev, vma);
	if (ret || index >= PCI_STD_NUM_BARS)
		return ret;
	WRITE_ONCE(noiommu_pci_vm_ops, vma->vm_ops);
	/*
	 * Core has requested uncached. On x86 the type of barmap[] overrides any
	 * request; elsewhere this request decides.
	 */
	if (test_bit(index, &dev->combined))
		vma->vm_page_prot =
			pgprot_writecombine(vm_get_page_prot(vma->vm_flags));
	return 0;
}

static const struct vfio_device_ops noiommu_pci_ops = {
	.name		= "noiommu-pci",
	.init		= vfio_pci_core_init_dev,
	.release	= vfio_pci_core_release_dev,
	.open_device	= noiommu_pci_open,
	.close_device	= noiommu_pci_close,
	.ioctl		= vfio_pci_core_ioctl,
	.device_feature	= vfio_pci_core_ioctl_feature,
	.read		= vfio_pci_core_read,
	.write		= vfio_pci_core_write,
	.mmap		= noiommu_pci_mmap,
	.request	= vfio_pci_core_request,
	.match		= noiommu_pci_match,
	NOIOMMU_COMPAT_VFIO_BIND
	NOIOMMU_COMPAT_VFIO_DETACH
	NOIOMMU_COMPAT_VFIO_PASID
	NOIOMMU_COMPAT_VFIO_CAPS
	NOIOMMU_COMPAT_VFIO_TOKEN
};

#if NOIOMMU_COMPAT_VFIO_DMABUF
static const struct vfio_pci_device_ops noiommu_pci_device_ops = {
	.get_dmabuf_phys = vfio_pci_core_get_dmabuf_phys,
};
#endif

/* --- Physical addresses of BARs -------------------------------------------------- */

/*
 * Mappings of stock vfio-pci have the same vm_ops, but their devices have other ops. A
 * mapping keeps its device open, and an open device stays registered. So the device
 * exists as long as the mmap lock is held.
 */
static bool noiommu_pci_is_ours(const struct vm_area_struct *vma)
{
	const struct vfio_pci_core_device *core = vma->vm_private_data;

	return vma->vm_ops && vma->vm_ops == READ_ONCE(noiommu_pci_vm_ops) &&
	       core->vdev.ops == &noiommu_pci_ops;
}

/* As core's check before it handles a page fault; under memory_lock. */
static bool noiommu_pci_answers(struct vfio_pci_core_device *core)
{
	u16 command = le16_to_cpup((__le16 *)&core->vconfig[PCI_COMMAND]);

	return !core->pm_runtime_engaged &&
	       core->pdev->current_state != PCI_D3hot &&
	       core->pdev->current_state != PCI_D3cold &&
	       pci_device_is_present(core->pdev) &&
	       (core->pdev->no_command_memory || command & PCI_COMMAND_MEMORY);
}

static unsigned long noiommu_pci_vma_pfn(const struct vfio_pci_core_device *core,
					 const struct vm_area_struct *vma)
{
	const unsigned int shift = VFIO_PCI_OFFSET_SHIFT - PAGE_SHIFT;
	resource_size_t start;

	if (NOIOMMU_COMPAT_PGOFF_IS_PFN)
		return vma->vm_pgoff;
	start = pci_resource_start(core->pdev, vma->vm_pgoff >> shift);
	return PHYS_PFN(start) + (vma->vm_pgoff & (BIT(shift) - 1));
}

static int noiommu_pci_pfn(struct vm_area_struct *vma, unsigned long va,
			   unsigned long *pfn)
{
	struct vfio_pci_core_device *core = vma->vm_private_data;
	int ret;

	if (!noiommu_pci_is_ours(vma))
		return -ENOENT;
	*pfn = noiommu_pci_vma_pfn(core, vma) + PHYS_PFN(va - vma->vm_start);
	down_read(&core->memory_lock);
	ret = noiommu_pci_answers(core) ? 0 : -EFAULT;
	up_read(&core->memory_lock);
	return ret;
}

static const struct noiommu_bar_ops noiommu_pci_bars = {
	.pfn = noiommu_pci_pfn,
};

/* --- PCI driver ------------------------------------------------------------------ */

static int noiommu_pci_probe(struct pci_dev *pdev,
			     const struct pci_device_id *id)
{
	struct noiommu_pci *dev;
	int ret;

	if (!noiommu_claimed(pdev)) {
		/* Not an error: the function is offered again once it is claimed. */
		if (noiommu_claim_comes(pdev))
			return -ENODEV;
		pci_err(pdev, "noiommu-pci: not claimed by noiommu, see Documentation/overview.rst\n");
		return -ENODEV;
	}
	dev = vfio_alloc_device(noiommu_pci, core.vdev, &pdev->dev,
				&noiommu_pci_ops);
	if (IS_ERR(dev))
		return PTR_ERR(dev);
	dev_set_drvdata(&pdev->dev, &dev->core);
#if NOIOMMU_COMPAT_VFIO_DMABUF
	dev->core.pci_ops = &noiommu_pci_device_ops;
#endif
	noiommu_pci_keep_awake(dev, &pdev->dev);
	ret = vfio_pci_core_register_device(&dev->core);
	if (ret) {
		noiommu_pci_let_sleep(dev, &pdev->dev);
		vfio_put_device(&dev->core.vdev);
	}
	return ret;
}

static void noiommu_pci_remove(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *core = dev_get_drvdata(&pdev->dev);

	vfio_pci_core_unregister_device(core);
	noiommu_pci_let_sleep(to_noiommu_pci(&core->vdev), &pdev->dev);
	vfio_put_device(&core->vdev);
}

static int noiommu_pci_sriov_configure(struct pci_dev *pdev, int nr_virtfn)
{
	if (!READ_ONCE(enable_sriov))
		return -ENOENT;
	return vfio_pci_core_sriov_configure(dev_get_drvdata(&pdev->dev),
					     nr_virtfn);
}

/*
 * Matches every function, but only by driver_override. It is not a MODULE_DEVICE_TABLE,
 * so that tools that search these for the best driver of a device still find vfio-pci.
 */
static const struct pci_device_id noiommu_pci_table[] = {
	{ PCI_DRIVER_OVERRIDE_DEVICE_VFIO(PCI_ANY_ID, PCI_ANY_ID) },
	{}
};

static struct pci_driver noiommu_pci_driver = {
	.name			= "noiommu-pci",
	.id_table		= noiommu_pci_table,
	.probe			= noiommu_pci_probe,
	.remove			= noiommu_pci_remove,
	.sriov_configure	= noiommu_pci_sriov_configure,
	.err_handler		= &vfio_pci_core_err_handlers,
	.dev_groups		= noiommu_pci_groups,
	.driver_managed_dma	= true,
};

static int __init noiommu_pci_init(void)
{
	int ret;

	ret = noiommu_bars_register(&noiommu_pci_bars);
	if (ret)
		return ret;
	ret = pci_register_driver(&noiommu_pci_driver);
	if (ret)
		noiommu_bars_unregister(&noiommu_pci_bars);
	return ret;
}

static void __exit noiommu_pci_exit(void)
{
	pci_unregister_driver(&noiommu_pci_driver);
	noiommu_bars_unregister(&noiommu_pci_bars);
}

module_init(noiommu_pci_init);
module_exit(noiommu_pci_exit);

MODULE_DESCRIPTION("VFIO for functions without an IOMMU, unsafe by nature");
NOIOMMU_COMPAT_MODULE_VERSION;
MODULE_LICENSE("GPL");
