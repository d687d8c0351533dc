# SPDX-License-Identifier: GPL-2.0-only
#
#   make            the modules, for the running kernel (or KDIR=)
#   make install    modules, header, modprobe.d file, units and manual pages (DESTDIR=, PREFIX=);
#                   noiommuctl, too, if "make tools" has built it: the units need it
#   make uninstall  remove what "make install" installed for this kernel
#   make dkms-install    the same, with modules that DKMS builds again for each new kernel
#   make dkms-uninstall  remove what "make dkms-install" installed
#   make deb        packages for Debian and Ubuntu, of the last commit, in build/deb
#   make rpm        the same as rpm, with DKMS, in build/rpm
#   make tools      noiommuctl, in build/tools; needs libpci-dev and libjson-c-dev
#   make check      run all tests; SUITES= and KERNELS= select some
#   make check-all  run every suite on every kernel: it takes hours
#   make torture    the long form of the suites of torture, for hours; SUITES=, KERNELS=
#   make coverage   which lines of the modules the suites of torture reach; SUITES= selects others
#   make bench      measure what an address costs here and in the alternatives, and what
#                   DPDK gains; SUITES=, KERNELS=
#   make docs       Documentation/ as HTML, in build/docs/html
#   make dist       the committed tree as build/noiommu-VERSION.tar.xz, reproducibly
#   make kernel-patch KERNEL_TREE=DIR   patches for a kernel tree, in build/kernel-patch
#   make dpdk       build DPDK with our patches, in the cache; DPDK_SRC=DIR: from a copy of
#                   that tree; CHECK=1: test it, too
#   make dpdk-check DPDK_SRC=DIR   print which of our patches apply to that tree
#   make deb-dpdk   Debian's packages of DPDK with our patches, in build/dpdk-deb: half an hour
#   make demo       forward packets with DPDK in a guest; WITHOUT=1: without our modules
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
PREFIX ?= /usr/local
PACKAGING = $(MAKE) -C packaging DESTDIR=$(DESTDIR) PREFIX=$(PREFIX)

TOOLS = $(MAKE) -C tools/noiommuctl OUT=$(CURDIR)/build/tools DESTDIR=$(DESTDIR) PREFIX=$(PREFIX)

INSTALL_TOOLS = $(if $(wildcard build/tools/noiommuctl),$(TOOLS) install,@echo \
	"make: noiommuctl is not built, so it is not installed, and the units need it:" \
	"apt install libpci-dev libjson-c-dev, make tools, and then install again" >&2)

# The headers of distributions lack the vmlinux that the BTF of a module is based on.
KBUILD = +$(MAKE) -C $(KDIR) M=$(BUILD)/drivers/noiommu CONFIG_NOIOMMU=m \
	 CONFIG_NOIOMMU_PCI=m NOIOMMU_VERSION=$(VERSION) \
	 CONFIG_DEBUG_INFO_BTF_MODULES=
W ?=
C ?=

all: modules

modules: tree
	$(KBUILD) $(if $(W),W=$(W) KCFLAGS=-Werror) $(if $(C),C=$(C)) modules

# Kbuild writes into the directory of the sources, so it gets links to them.
tree:
	@test -n "$(RELEASE)" || { \
		echo "make: $(KDIR): no kernel headers (apt install linux-headers-$$(uname -r)), or set KDIR=" >&2; \
		exit 1; }
	@mkdir -p $(BUILD)/drivers/noiommu
	@find $(BUILD) -xtype l -delete
	@ln -sf $(addprefix $(CURDIR)/,$(SOURCES)) $(BUILD)/drivers/noiommu/
	@ln -sfn $(CURDIR)/include $(BUILD)/include

install: modules
	$(KBUILD) INSTALL_MOD_DIR=updates INSTALL_MOD_PATH=$(DESTDIR) \
		$(if $(wildcard $(KDIR)/certs/signing_key.pem),,CONFIG_MODULE_SIG_ALL=) \
		modules_install
	$(PACKAGING) install-files
	$(INSTALL_TOOLS)
	$(if $(DESTDIR),,depmod $(RELEASE))

uninstall:
	rm -f $(addprefix $(DESTDIR)/lib/modules/$(RELEASE)/updates/,$(foreach module,$(MODULES), \
		$(module).ko $(module).ko.xz $(module).ko.gz $(module).ko.zst))
	$(PACKAGING) uninstall-files
	$(TOOLS) uninstall
	$(if $(DESTDIR),,depmod $(RELEASE))

dkms-install:
	$(PACKAGING) $@
	$(INSTALL_TOOLS)

dkms-uninstall:
	$(PACKAGING) $@
	$(TOOLS) uninstall

deb rpm:
	$(PACKAGING) $@

tools:
	$(TOOLS)

check:
	scripts/check

check-all:
	ALL=1 scripts/check

torture:
	TORTURE=$${TORTURE:-long} SUITES="$${SUITES:-torture}" scripts/check

coverage:
	tools/coverage/run

bench:
	tools/bench/run

docs:
	scripts/docs

dist:
	@scripts/dist

help:
	@sed -n '/^#  /,/^$$/s/^# \{0,1\}//p' Makefile

kernel-patch:
	@scripts/intree/kernel-patch "$(KERNEL_TREE)"

dpdk:
	dpdk-patches/build patched $(DPDK_SRC)
	$(if $(CHECK),SUITES=dpdk scripts/check)

dpdk-check:
	@dpdk-patches/check "$(DPDK_SRC)"

deb-dpdk:
	dpdk-patches/deb

demo:
	scripts/demo

clean:
	rm -rf build

.PHONY: all modules tree install uninstall dkms-install dkms-uninstall deb rpm tools check \
	check-all torture coverage bench docs dist help dpdk dpdk-check deb-dpdk kernel-patch demo clean
