# SPDX-License-Identifier: GPL-2.0-only
#
#   make            the modules, for the running kernel (or KDIR=)
#   make install    modules, header, modprobe.d file and manual pages (DESTDIR= for packages)
#   make uninstall  remove what "make install" installed for this kernel
#   make check      everything that must hold; SUITES= and KERNELS= select
#   make check-all  the same on all kernels, and all suites on each: it takes hours
#   make bench      what an address costs, beside the rivals, and what DPDK gains;
#                   SUITES=, KERNELS=
#   make docs       Documentation/ as HTML, in build/docs/html
#   make dist       the committed tree as build/noiommu-VERSION.tar.xz, the same bytes each time
#   make kernel-patch KERNEL_TREE=DIR   patches for a kernel tree, in build/kernel-patch
#   make dpdk       DPDK with our patches, in the cache; DPDK_SRC=DIR: on a copy of that
#                   tree; CHECK=1: and test it
#   make demo       DPDK forwarding packets in a guest; WITHOUT=1: as it is today
#   make clean      remove build/
#   make help       print this
#
# Nothing is written outside build/, so one checkout serves many kernels.

KDIR ?= /lib/modules/$(shell uname -r)/build
RELEASE = $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' $(KDIR)/include/generated/utsrelease.h 2>/dev/null)
BUILD = $(CURDIR)/build/$(RELEASE)
VERSION = $(shell cat VERSION)
SOURCES = $(wildcard drivers/noiommu/*)
MODULES = noiommu noiommu-pci
MANPAGES = $(wildcard Documentation/man/*.4)
MANDIR = /usr/local/share/man/man4

# Distributions' headers lack the vmlinux that BTF of modules is made from.
KBUILD = +$(MAKE) -C $(KDIR) M=$(BUILD)/drivers/noiommu CONFIG_NOIOMMU=m \
	 CONFIG_NOIOMMU_PCI=m NOIOMMU_VERSION=$(VERSION) \
	 CONFIG_DEBUG_INFO_BTF_MODULES=
W ?=
C ?=

all: modules

modules: tree
	$(KBUILD) $(if $(W),W=$(W) KCFLAGS=-Werror) $(if $(C),C=$(C)) modules

# Kbuild writes beside the sources, so it gets links to them.
tree:
	@test -n "$(RELEASE)" || { \
		echo "make: $(KDIR): no kernel headers (apt install linux-headers-amd64), or set KDIR=" >&2; \
		exit 1; }
	@mkdir -p $(BUILD)/drivers/noiommu
	@find $(BUILD) -xtype l -delete
	@ln -sf $(addprefix $(CURDIR)/,$(SOURCES)) $(BUILD)/drivers/noiommu/
	@ln -sfn $(CURDIR)/include $(BUILD)/include

install: modules
	$(KBUILD) INSTALL_MOD_DIR=updates INSTALL_MOD_PATH=$(DESTDIR) \
		$(if $(wildcard $(KDIR)/certs/signing_key.pem),,CONFIG_MODULE_SIG_ALL=) \
		modules_install
	install -D -m 644 include/uapi/linux/noiommu.h \
		$(DESTDIR)/usr/local/include/linux/noiommu.h
	install -D -m 644 drivers/noiommu/noiommu.conf \
		$(DESTDIR)/etc/modprobe.d/noiommu.conf
	install -D -m 644 -t $(DESTDIR)$(MANDIR) $(MANPAGES)
	$(if $(DESTDIR),,depmod $(RELEASE))

uninstall:
	rm -f $(addprefix $(DESTDIR)/lib/modules/$(RELEASE)/updates/,$(foreach module,$(MODULES), \
		$(module).ko $(module).ko.xz $(module).ko.gz $(module).ko.zst))
	rm -f $(DESTDIR)/usr/local/include/linux/noiommu.h \
		$(DESTDIR)/etc/modprobe.d/noiommu.conf \
		$(addprefix $(DESTDIR)$(MANDIR)/,$(notdir $(MANPAGES)))
	$(if $(DESTDIR),,depmod $(RELEASE))

check:
	scripts/check

check-all:
	ALL=1 scripts/check

bench:
	scripts/bench

docs:
	scripts/docs

dist:
	@scripts/dist

help:
	@sed -n '/^#  /,/^$$/s/^# \{0,1\}//p' Makefile

kernel-patch:
	@scripts/kernel-patch "$(KERNEL_TREE)"

dpdk:
	scripts/dpdk-build patched $(DPDK_SRC)
	$(if $(CHECK),SUITES=dpdk scripts/check)

demo:
	scripts/demo

clean:
	rm -rf build

.PHONY: all modules tree install uninstall check check-all bench docs dist help dpdk kernel-patch demo clean
