#define _GNU_SOURCE
#include "clinux.h"

#include <errno.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define RESULT(call) ({ long r_ = (call); r_ < 0 ? -errno : r_; })

int32_t clinux_mount(const char *source, const char *target, const char *type, uint64_t flags,
                     const char *data) {
  return RESULT(mount(source, target, type, flags, data));
}

int32_t clinux_umount(const char *target, int32_t flags) { return RESULT(umount2(target, flags)); }

int32_t clinux_pivot_root(const char *new_root, const char *put_old) {
  return RESULT(syscall(SYS_pivot_root, new_root, put_old));
}

int32_t clinux_fsopen(const char *type, uint32_t flags) {
  return RESULT(syscall(SYS_fsopen, type, flags));
}

int32_t clinux_fsconfig(int32_t fd, uint32_t command, const char *key, const void *value,
                        int32_t aux) {
  return RESULT(syscall(SYS_fsconfig, fd, command, key, value, aux));
}

int32_t clinux_fsmount(int32_t fd, uint32_t flags, uint32_t attributes) {
  return RESULT(syscall(SYS_fsmount, fd, flags, attributes));
}

int32_t clinux_move_mount(int32_t from_fd, const char *from, int32_t to_fd, const char *to,
                          uint32_t flags) {
  return RESULT(syscall(SYS_move_mount, from_fd, from, to_fd, to, flags));
}

int32_t clinux_open_tree(int32_t fd, const char *path, uint32_t flags) {
  return RESULT(syscall(SYS_open_tree, fd, path, flags));
}

int32_t clinux_mount_setattr(int32_t fd, const char *path, uint32_t flags, uint64_t set,
                             uint64_t clear, uint64_t propagation, int32_t userns_fd) {
  uint64_t attributes[4] = {set, clear, propagation, userns_fd < 0 ? 0 : (uint64_t)userns_fd};
  return RESULT(syscall(SYS_mount_setattr, fd, path, flags, attributes, sizeof attributes));
}

int64_t clinux_filesystem_magic(int32_t fd) {
  struct statfs info;
  return fstatfs(fd, &info) < 0 ? -errno : (int64_t)info.f_type;
}

int64_t clinux_filesystem_free(int32_t fd, uint64_t *flags) {
  struct statfs info;
  if (fstatfs(fd, &info) < 0) return -errno;
  *flags = (uint64_t)info.f_flags;
  return (int64_t)info.f_bavail * (int64_t)info.f_bsize;
}
