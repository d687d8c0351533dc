/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What profile.c needs of version 1 of QEMU's interface for plugins. Debian has no package with its
 * header.
 */
#ifndef BENCH_PROFILE_H
#define BENCH_PROFILE_H

#include <stddef.h>
#include <stdint.h>

struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef uint64_t plugin_id;

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id,
					   void (*call)(plugin_id id,
							struct qemu_plugin_tb *tb));
void qemu_plugin_register_atexit_cb(plugin_id id,
				    void (*call)(plugin_id id, void *data),
				    void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *
qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
/* The only operation is 0: add to the counter. */
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn,
						int operation, void *counter,
						uint64_t add);

int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv);

#endif
