// SPDX-License-Identifier: GPL-2.0-only
/*
 * While it is loaded, cc_platform_has() reports encrypted memory, as in a guest with SEV or
 * TDX. QEMU's TCG has neither. All other attributes are false, so that nothing else changes. For
 * tests, in guests.
 */
#include <linux/cc_platform.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/stop_machine.h>
#include <linux/vmalloc.h>

static const u8 answer[] = {
	0xf3, 0x0f, 0x1e, 0xfa,			/* endbr64 */
	0x31, 0xc0,				/* xor %eax, %eax */
	0x83, 0xff, CC_ATTR_MEM_ENCRYPT,	/* cmp $CC_ATTR_MEM_ENCRYPT, %edi */
	0x0f, 0x94, 0xc0,			/* sete %al */
	0xc3,					/* ret */
};

static u8 before[sizeof(answer)];
/* The kernel's text is read-only, so this maps it once more. */
static void *text;

static int put(void *code)
{
	memcpy(text, code, sizeof(answer));
	return 0;
}

static int __init encrypted_init(void)
{
	struct page *first = pfn_to_page(PHYS_PFN(__pa_symbol(cc_platform_has)));
	struct page *pages[] = { first, first + 1 };
	void *address;

	address = vmap(pages, ARRAY_SIZE(pages), VM_MAP, PAGE_KERNEL);
	if (!address)
		return -ENOMEM;
	text = address + offset_in_page(cc_platform_has);
	memcpy(before, text, sizeof(before));
	return stop_machine(put, (void *)answer, NULL);
}

static void __exit encrypted_exit(void)
{
	stop_machine(put, before, NULL);
	vunmap(PTR_ALIGN_DOWN(text, PAGE_SIZE));
}

module_init(encrypted_init);
module_exit(encrypted_exit);
MODULE_DESCRIPTION("Claims that memory is encrypted, for tests");
MODULE_LICENSE("GPL");
