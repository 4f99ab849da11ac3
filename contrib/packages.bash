# packages.bash - sourced by the scripts here: which Debian packages are missing, and getting them.

# Prints those of its arguments that dpkg does not have. "a|b" is met by either; the first is named.
missing_packages() {
  local wanted alternative present
  for wanted in "$@"; do
    present=
    for alternative in ${wanted//|/ }; do
      if [ "$(dpkg-query -W -f='${db:Status-Status}' "$alternative" 2>/dev/null)" = installed ]; then
        present=1
      fi
    done
    [ -n "$present" ] || printf '%s\n' "${wanted%%|*}"
  done
}

# install_packages PROGRAM PACKAGE...: installs as root or through sudo; explains itself otherwise.
install_packages() {
  local program=$1 as_root=()
  shift
  if [ "$(id -u)" != 0 ]; then
    if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
      as_root=(sudo)
    else
      printf '%s: missing packages: %s\n' "$program" "$*" >&2
      printf '%s: hint: run as root: apt-get install %s\n' "$program" "$*" >&2
      return 1
    fi
  fi
  printf '%s: installing %s\n' "$program" "$*" >&2
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq </dev/null >&2 \
    || printf '%s: apt-get update failed; trying with the lists that are here\n' "$program" >&2
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "$@" </dev/null >&2
}
