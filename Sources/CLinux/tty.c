#define _GNU_SOURCE
#include "clinux.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define RESULT(call) ({ long r_ = (call); r_ < 0 ? -errno : r_; })

int32_t clinux_open_ptmx(const char *path) {
  int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
  int unlock = 0;
  if (fd < 0) return -errno;
  if (ioctl(fd, TIOCSPTLCK, &unlock) < 0) {
    int error = errno;
    close(fd);
    return -error;
  }
  return fd;
}

int32_t clinux_open_pty_peer(int32_t master, int32_t flags) {
  return RESULT(ioctl(master, TIOCGPTPEER, flags | O_NOCTTY | O_CLOEXEC));
}

int32_t clinux_pty_number(int32_t master) {
  unsigned number;
  return ioctl(master, TIOCGPTN, &number) < 0 ? -errno : (int32_t)number;
}

int32_t clinux_get_window_size(int32_t fd, uint16_t *rows, uint16_t *columns) {
  struct winsize size;
  if (ioctl(fd, TIOCGWINSZ, &size) < 0) return -errno;
  *rows = size.ws_row;
  *columns = size.ws_col;
  return 0;
}

int32_t clinux_set_window_size(int32_t fd, uint16_t rows, uint16_t columns) {
  struct winsize size = {.ws_row = rows, .ws_col = columns};
  return RESULT(ioctl(fd, TIOCSWINSZ, &size));
}

int32_t clinux_set_controlling_terminal(int32_t fd) { return RESULT(ioctl(fd, TIOCSCTTY, 0)); }
int32_t clinux_is_terminal(int32_t fd) { return isatty(fd); }

int32_t clinux_make_raw(int32_t fd, uint8_t *saved) {
  struct termios settings;
  if (tcgetattr(fd, &settings) < 0) return -errno;
  memcpy(saved, &settings, sizeof settings);
  cfmakeraw(&settings);
  return RESULT(tcsetattr(fd, TCSANOW, &settings));
}

int32_t clinux_make_output_raw(int32_t fd, uint8_t *saved) {
  struct termios settings;
  if (tcgetattr(fd, &settings) < 0) return -errno;
  memcpy(saved, &settings, sizeof settings);
  settings.c_oflag &= ~(tcflag_t)OPOST;
  return RESULT(tcsetattr(fd, TCSANOW, &settings));
}

int32_t clinux_keep_newlines(int32_t fd) {
  struct termios settings;
  if (tcgetattr(fd, &settings) < 0) return -errno;
  settings.c_oflag &= ~(tcflag_t)ONLCR;
  return RESULT(tcsetattr(fd, TCSANOW, &settings));
}

int32_t clinux_restore_terminal(int32_t fd, const uint8_t *saved) {
  struct termios settings;
  memcpy(&settings, saved, sizeof settings);
  return RESULT(tcsetattr(fd, TCSANOW, &settings));
}
