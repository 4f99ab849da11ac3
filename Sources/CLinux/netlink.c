#define _GNU_SOURCE
#include "clinux.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* One request of rtnetlink(7) and its attributes. */
struct request {
  struct nlmsghdr header;
  union {
    struct ifinfomsg link;
    struct ifaddrmsg address;
  } body;
  char attributes[256];
};

static void start(struct request *request, uint16_t type, uint16_t flags, size_t body) {
  memset(request, 0, sizeof *request);
  request->header.nlmsg_len = NLMSG_LENGTH(body);
  request->header.nlmsg_type = type;
  request->header.nlmsg_flags = NLM_F_REQUEST | flags;
}

/* Callers' attributes always fit. */
static void add(struct request *request, uint16_t type, const void *data, size_t size) {
  struct rtattr *attribute =
      (struct rtattr *)((char *)request + NLMSG_ALIGN(request->header.nlmsg_len));
  attribute->rta_type = type;
  attribute->rta_len = RTA_LENGTH(size);
  memcpy(RTA_DATA(attribute), data, size);
  request->header.nlmsg_len = NLMSG_ALIGN(request->header.nlmsg_len) + RTA_LENGTH(size);
}

/* A socket with the request sent on it. */
static int32_t ask(const struct request *request) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) return -errno;
  if (send(fd, request, request->header.nlmsg_len, 0) < 0) {
    int failed = errno;
    close(fd);
    return -failed;
  }
  return fd;
}

/* Sends a request and waits for the kernel's acknowledgement. */
static int32_t carry_out(struct request *request) {
  request->header.nlmsg_flags |= NLM_F_ACK;
  int fd = ask(request);
  if (fd < 0) return fd;
  _Alignas(struct nlmsghdr) char answer[4096];
  ssize_t size;
  do size = recv(fd, answer, sizeof answer, 0);
  while (size < 0 && errno == EINTR);
  int32_t result = size < 0 ? -errno : -EPROTO;
  close(fd);
  struct nlmsghdr *header = (struct nlmsghdr *)answer;
  if (size >= (ssize_t)NLMSG_LENGTH(sizeof(struct nlmsgerr)) && header->nlmsg_type == NLMSG_ERROR)
    result = ((struct nlmsgerr *)NLMSG_DATA(header))->error;
  return result;
}

int32_t clinux_link_index(const char *name) {
  unsigned index = if_nametoindex(name);
  return index == 0 ? -errno : (int32_t)index;
}

int32_t clinux_link_move(int32_t index, int32_t namespace_fd, const char *name) {
  size_t length = strlen(name);
  if (length == 0 || length >= IF_NAMESIZE) return -EINVAL;
  struct request request;
  start(&request, RTM_NEWLINK, 0, sizeof request.body.link);
  request.body.link.ifi_index = index;
  /* An interface that is up cannot be renamed on older kernels. */
  request.body.link.ifi_change = IFF_UP;
  int32_t result = carry_out(&request);
  if (result < 0) return result;
  start(&request, RTM_NEWLINK, 0, sizeof request.body.link);
  request.body.link.ifi_index = index;
  add(&request, IFLA_NET_NS_FD, &namespace_fd, sizeof namespace_fd);
  add(&request, IFLA_IFNAME, name, length + 1);
  return carry_out(&request);
}

int32_t clinux_link_up(int32_t index) {
  struct request request;
  start(&request, RTM_NEWLINK, 0, sizeof request.body.link);
  request.body.link.ifi_index = index;
  request.body.link.ifi_flags = IFF_UP;
  request.body.link.ifi_change = IFF_UP;
  return carry_out(&request);
}

/* One RTM_NEWADDR message; whether it is kept. */
static int32_t take(const struct nlmsghdr *header, int32_t index, struct clinux_address *out) {
  const struct ifaddrmsg *body = NLMSG_DATA(header);
  if (body->ifa_index != (uint32_t)index || body->ifa_scope != RT_SCOPE_UNIVERSE) return 0;
  uint32_t flags = body->ifa_flags;
  memset(out, 0, sizeof *out);
  out->family = body->ifa_family;
  out->prefix = body->ifa_prefixlen;
  int left = (int)IFA_PAYLOAD(header);
  for (struct rtattr *at = IFA_RTA(body); RTA_OK(at, left); at = RTA_NEXT(at, left)) {
    size_t size = RTA_PAYLOAD(at);
    if (at->rta_type == IFA_FLAGS && size == sizeof flags) memcpy(&flags, RTA_DATA(at), size);
    if (size > sizeof out->address) continue;
    if (at->rta_type == IFA_ADDRESS) {
      memcpy(out->address, RTA_DATA(at), size);
      out->size = (uint8_t)size;
    }
    if (at->rta_type == IFA_LOCAL) {
      memcpy(out->local, RTA_DATA(at), size);
      out->has_local = 1;
    }
    if (at->rta_type == IFA_BROADCAST) {
      memcpy(out->broadcast, RTA_DATA(at), size);
      out->has_broadcast = 1;
    }
  }
  return (flags & IFA_F_PERMANENT) != 0 && out->size > 0;
}

int32_t clinux_link_addresses(int32_t index, struct clinux_address *out, int32_t room) {
  struct request request;
  start(&request, RTM_GETADDR, NLM_F_DUMP, sizeof request.body.address);
  int fd = ask(&request);
  if (fd < 0) return fd;
  int32_t count = 0, result = 0;
  for (int done = 0; !done;) {
    _Alignas(struct nlmsghdr) char answer[32768];
    ssize_t size = recv(fd, answer, sizeof answer, 0);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) {
      result = size < 0 ? -errno : -EPROTO;
      break;
    }
    int left = (int)size;
    for (struct nlmsghdr *at = (struct nlmsghdr *)answer; NLMSG_OK(at, left);
         at = NLMSG_NEXT(at, left)) {
      if (at->nlmsg_type == NLMSG_DONE) done = 1;
      if (at->nlmsg_type == NLMSG_ERROR) {
        result = ((struct nlmsgerr *)NLMSG_DATA(at))->error;
        done = 1;
      }
      if (done) break;
      if (at->nlmsg_type == RTM_NEWADDR && count < room) count += take(at, index, &out[count]);
    }
  }
  close(fd);
  return result < 0 ? result : count;
}

int32_t clinux_address_add(int32_t index, const struct clinux_address *address) {
  struct request request;
  start(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof request.body.address);
  request.body.address.ifa_family = address->family;
  request.body.address.ifa_prefixlen = address->prefix;
  request.body.address.ifa_scope = RT_SCOPE_UNIVERSE;
  request.body.address.ifa_index = (uint32_t)index;
  add(&request, IFA_ADDRESS, address->address, address->size);
  if (address->has_local) add(&request, IFA_LOCAL, address->local, address->size);
  if (address->has_broadcast) add(&request, IFA_BROADCAST, address->broadcast, address->size);
  return carry_out(&request);
}
