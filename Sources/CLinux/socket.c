#define _GNU_SOURCE
#include "clinux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define RESULT(call) ({ long r_ = (call); r_ < 0 ? -errno : r_; })
#define MAX_FDS 64

int32_t clinux_socketpair(int32_t type, int32_t *a, int32_t *b) {
  int fds[2];
  if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds) < 0) return -errno;
  *a = fds[0];
  *b = fds[1];
  return 0;
}

/* The length of the address; "@name" is the abstract name (unix(7)). */
static int32_t unix_address(const char *path, struct sockaddr_un *address) {
  size_t length = strlen(path);
  if (length >= sizeof address->sun_path) return -ENAMETOOLONG;
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  memcpy(address->sun_path, path, length);
  if (path[0] != '@') return sizeof *address;
  address->sun_path[0] = 0;
  return offsetof(struct sockaddr_un, sun_path) + length;
}

int32_t clinux_unix_listen(const char *path, int32_t type, int32_t backlog) {
  struct sockaddr_un address;
  int32_t size = unix_address(path, &address);
  if (size < 0) return size;
  int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  /* The mode the name gets: before bind(2), so that there is no moment with another. */
  if (fchmod(fd, 0600) < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 ||
      (type != SOCK_DGRAM && listen(fd, backlog) < 0)) {
    int error = errno;
    close(fd);
    return -error;
  }
  return fd;
}

int32_t clinux_unix_connect(const char *path, int32_t type) {
  struct sockaddr_un address;
  int32_t size = unix_address(path, &address);
  if (size < 0) return size;
  int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  if (connect(fd, (struct sockaddr *)&address, size) < 0) {
    int error = errno;
    close(fd);
    return -error;
  }
  return fd;
}

int32_t clinux_accept(int32_t fd) { return RESULT(accept4(fd, 0, 0, SOCK_CLOEXEC)); }

int64_t clinux_sendmsg(int32_t fd, const void *data, uint64_t size, const int32_t *fds,
                       uint32_t fd_count, int32_t flags) {
  union { char bytes[CMSG_SPACE(MAX_FDS * sizeof(int))]; struct cmsghdr align; } control;
  struct iovec part = {(void *)data, size};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  if (fd_count > MAX_FDS) return -E2BIG;
  if (fd_count > 0) {
    memset(&control, 0, sizeof control);
    message.msg_control = control.bytes;
    message.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
    memcpy(CMSG_DATA(header), fds, fd_count * sizeof(int));
  }
  return RESULT(sendmsg(fd, &message, flags));
}

int64_t clinux_recvmsg(int32_t fd, void *data, uint64_t size, int32_t *fds, uint32_t *fd_count,
                       int32_t flags) {
  union { char bytes[CMSG_SPACE(MAX_FDS * sizeof(int))]; struct cmsghdr align; } control;
  struct iovec part = {data, size};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes,
                           .msg_controllen = sizeof control.bytes};
  uint32_t room = *fd_count, received = 0;
  ssize_t n = recvmsg(fd, &message, flags | MSG_CMSG_CLOEXEC);
  if (n < 0) return -errno;
  for (struct cmsghdr *h = CMSG_FIRSTHDR(&message); h; h = CMSG_NXTHDR(&message, h)) {
    if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS) continue;
    uint32_t count = (uint32_t)((h->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    for (uint32_t i = 0; i < count; i++) {
      int one;
      memcpy(&one, CMSG_DATA(h) + i * sizeof(int), sizeof one);
      if (received < room) fds[received++] = one; else close(one);
    }
  }
  *fd_count = received;
  return n;
}

int32_t clinux_peer_uid(int32_t fd, uint32_t *uid, int32_t *pid) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) return -errno;
  *uid = peer.uid;
  *pid = peer.pid;
  return 0;
}

int32_t clinux_shutdown(int32_t fd, int32_t how) { return RESULT(shutdown(fd, how)); }

int32_t clinux_loopback_up(void) {
  struct ifreq request;
  memset(&request, 0, sizeof request);
  memcpy(request.ifr_name, "lo", 3);
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  request.ifr_flags = IFF_UP;
  int32_t result = RESULT(ioctl(fd, SIOCSIFFLAGS, &request));
  close(fd);
  return result;
}

/* An address of either version as text; the length of the socket address or -EINVAL. */
static int32_t ip_address(const char *text, uint16_t port, struct sockaddr_storage *out) {
  struct sockaddr_in *v4 = (struct sockaddr_in *)out;
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
  memset(out, 0, sizeof *out);
  if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    return sizeof *v4;
  }
  if (inet_pton(AF_INET6, text, &v6->sin6_addr) != 1) return -EINVAL;
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(port);
  return sizeof *v6;
}

int32_t clinux_ip_bind(const char *address, uint16_t port, int32_t type, int32_t *bound_port) {
  struct sockaddr_storage name;
  socklen_t size = sizeof name;
  int32_t length = ip_address(address, port, &name), on = 1, off = 0;
  if (length < 0) return length;
  int fd = socket(name.ss_family, type | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  /* A listener still refuses us; connections that are closing do not. */
  if (type == SOCK_STREAM) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (name.ss_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (bind(fd, (struct sockaddr *)&name, (socklen_t)length) < 0 ||
      getsockname(fd, (struct sockaddr *)&name, &size) < 0) {
    int error = errno;
    close(fd);
    return -error;
  }
  *bound_port = ntohs(name.ss_family == AF_INET ? ((struct sockaddr_in *)&name)->sin_port
                                                : ((struct sockaddr_in6 *)&name)->sin6_port);
  return fd;
}

int32_t clinux_ip_source(const char *destination, char *text, uint32_t size) {
  struct sockaddr_storage name;
  socklen_t got = sizeof name;
  int32_t length = ip_address(destination, 9, &name), result = 0;
  if (length < 0) return length;
  int fd = socket(name.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  if (connect(fd, (struct sockaddr *)&name, (socklen_t)length) < 0 ||
      getsockname(fd, (struct sockaddr *)&name, &got) < 0) result = -errno;
  close(fd);
  if (result < 0) return result;
  const void *address = name.ss_family == AF_INET
      ? (const void *)&((struct sockaddr_in *)&name)->sin_addr
      : (const void *)&((struct sockaddr_in6 *)&name)->sin6_addr;
  return inet_ntop(name.ss_family, address, text, size) ? 0 : -errno;
}
