#define _GNU_SOURCE
#include "clinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#define RESULT(call) ({ long r_ = (call); r_ < 0 ? -errno : r_; })

int32_t clinux_openat(int32_t dirfd, const char *path, int32_t flags, uint32_t mode) {
  int fd;
  do fd = openat(dirfd, path, flags, mode);
  while (fd < 0 && errno == EINTR);
  return fd < 0 ? -errno : fd;
}

int32_t clinux_openat2(int32_t dirfd, const char *path, uint64_t flags, uint64_t mode,
                       uint64_t resolve) {
  struct open_how how = {flags, mode, resolve};
  long fd;
  /* EAGAIN: a rename raced with a RESOLVE_IN_ROOT walk (openat2(2)); try again, bounded. */
  for (int attempt = 0; attempt < 128; attempt++) {
    fd = syscall(SYS_openat2, dirfd, path, &how, sizeof how);
    if (fd >= 0 || (errno != EINTR && errno != EAGAIN)) break;
  }
  return fd < 0 ? -errno : (int32_t)fd;
}

int32_t clinux_pipe2(int32_t flags, int32_t *read_end, int32_t *write_end) {
  int fds[2];
  if (pipe2(fds, flags) < 0) return -errno;
  *read_end = fds[0];
  *write_end = fds[1];
  return 0;
}

int32_t clinux_dup3(int32_t from, int32_t to, int32_t flags) {
  return RESULT(dup3(from, to, flags));
}

int32_t clinux_dup_cloexec(int32_t fd, int32_t minimum) {
  return RESULT(fcntl(fd, F_DUPFD_CLOEXEC, minimum));
}

int32_t clinux_get_fd_flags(int32_t fd) { return RESULT(fcntl(fd, F_GETFD)); }
int32_t clinux_set_fd_flags(int32_t fd, int32_t flags) { return RESULT(fcntl(fd, F_SETFD, flags)); }
int32_t clinux_get_status_flags(int32_t fd) { return RESULT(fcntl(fd, F_GETFL)); }

int32_t clinux_set_status_flags(int32_t fd, int32_t flags) {
  return RESULT(fcntl(fd, F_SETFL, flags));
}

int32_t clinux_lock(int32_t fd, int32_t exclusive, int32_t wait) {
  struct flock lock = {.l_type = exclusive ? F_WRLCK : F_RDLCK, .l_whence = SEEK_SET};
  return RESULT(fcntl(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &lock));
}

int32_t clinux_unlock(int32_t fd) {
  struct flock lock = {.l_type = F_UNLCK, .l_whence = SEEK_SET};
  return RESULT(fcntl(fd, F_OFD_SETLK, &lock));
}

int32_t clinux_lock_test(int32_t fd) {
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  if (fcntl(fd, F_OFD_GETLK, &lock) < 0) return -errno;
  return lock.l_type != F_UNLCK;
}

int32_t clinux_memfd(const char *name, uint32_t flags) { return RESULT(memfd_create(name, flags)); }
int32_t clinux_add_seals(int32_t fd, int32_t seals) {
  return RESULT(fcntl(fd, F_ADD_SEALS, seals));
}
int32_t clinux_eventfd(uint32_t initial, int32_t flags) { return RESULT(eventfd(initial, flags)); }
int32_t clinux_ficlone(int32_t target, int32_t source) {
  return RESULT(ioctl(target, FICLONE, source));
}

int32_t clinux_spread_directories(int32_t directory) {
  /* The kernel reads and writes an int, whatever the numbers' types say (fs/ioctl.c). */
  int flags = 0;
  if (ioctl(directory, FS_IOC_GETFLAGS, &flags) < 0) return -errno;
  if (flags & FS_TOPDIR_FL) return 0;
  flags |= FS_TOPDIR_FL;
  return RESULT(ioctl(directory, FS_IOC_SETFLAGS, &flags));
}

int64_t clinux_copy_file_range(int32_t in, int64_t *in_offset, int32_t out, int64_t *out_offset,
                               uint64_t length) {
  return RESULT(syscall(SYS_copy_file_range, in, in_offset, out, out_offset, length, 0));
}

int64_t clinux_sendfile(int32_t out, int32_t in, uint64_t length) {
  return RESULT(sendfile(out, in, 0, length));
}

int32_t clinux_renameat2(int32_t from_fd, const char *from, int32_t to_fd, const char *to,
                         uint32_t flags) {
  return RESULT(syscall(SYS_renameat2, from_fd, from, to_fd, to, flags));
}

int32_t clinux_mknodat(int32_t dirfd, const char *path, uint32_t mode, uint32_t major_number,
                       uint32_t minor_number) {
  return RESULT(mknodat(dirfd, path, mode, makedev(major_number, minor_number)));
}

int32_t clinux_start_writing(int32_t fd) {
  return RESULT(sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE));
}

int32_t clinux_syncfs(int32_t fd) { return RESULT(syncfs(fd)); }

int32_t clinux_stat(int32_t dirfd, const char *path, int32_t flags, struct clinux_stat *result) {
  struct stat s;
  if (fstatat(dirfd, path, &s, flags) < 0) return -errno;
  *result = (struct clinux_stat){
      .device = s.st_dev, .inode = s.st_ino, .size = (uint64_t)s.st_size,
      .blocks = (uint64_t)s.st_blocks, .mode = s.st_mode, .links = (uint32_t)s.st_nlink,
      .uid = s.st_uid, .gid = s.st_gid, .rdev_major = major(s.st_rdev),
      .rdev_minor = minor(s.st_rdev), .modified_seconds = s.st_mtim.tv_sec,
      .changed_seconds = s.st_ctim.tv_sec, .accessed_seconds = s.st_atim.tv_sec,
      .modified_nanoseconds = (uint32_t)s.st_mtim.tv_nsec,
      .changed_nanoseconds = (uint32_t)s.st_ctim.tv_nsec,
      .accessed_nanoseconds = (uint32_t)s.st_atim.tv_nsec};
  return 0;
}

#ifndef STATX_MNT_ID
#define STATX_MNT_ID 0x1000U
#endif
#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x4000U
#endif

int32_t clinux_mount_id(int32_t fd, uint64_t *id, uint64_t *unique) {
  struct statx s;
  if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &s) < 0) return -errno;
  if (!(s.stx_mask & STATX_MNT_ID)) return -ENOSYS;
  *id = s.stx_mnt_id;
  if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID_UNIQUE, &s) < 0) return -errno;
  *unique = s.stx_mask & STATX_MNT_ID_UNIQUE ? s.stx_mnt_id : 0;
  return 0;
}

int64_t clinux_getdents(int32_t fd, void *buffer, uint64_t size) {
  return RESULT(syscall(SYS_getdents64, fd, buffer, size));
}

int64_t clinux_lgetxattr(const char *path, const char *name, void *value, uint64_t size) {
  return RESULT(lgetxattr(path, name, value, size));
}

int32_t clinux_lsetxattr(const char *path, const char *name, const void *value, uint64_t size) {
  return RESULT(lsetxattr(path, name, value, size, 0));
}

int64_t clinux_llistxattr(const char *path, char *list, uint64_t size) {
  return RESULT(llistxattr(path, list, size));
}

int64_t clinux_listxattrat(int32_t directory, const char *name, char *list, uint64_t size) {
  /* The number is the same on every architecture; older headers have no name for it. */
  return RESULT(syscall(465, directory, name, AT_SYMLINK_NOFOLLOW, list, size));
}

int32_t clinux_lremovexattr(const char *path, const char *name) {
  return RESULT(lremovexattr(path, name));
}

int32_t clinux_fsetxattr(int32_t fd, const char *name, const void *value, uint64_t size) {
  return RESULT(fsetxattr(fd, name, value, size, 0));
}
