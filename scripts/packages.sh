# Sourced by demo.sh and test.sh: makes sure that the Debian packages in "$@" are installed.
# Works as root without sudo and as a user with sudo; does nothing where all are there already.
# Where there is no apt, it only says what is needed and goes on: CMake then names what is really missing.
need_packages() {
  command -v dpkg-query >/dev/null 2>&1 || {
    printf 'No apt here. These Debian packages, or what corresponds to them, are needed:\n  %s\n' "$*" >&2
    return 0
  }
  missing=
  for package in "$@"; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || state=
    [ "$state" = installed ] || missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  printf 'Installing:%s\n' "$missing" >&2
  if [ "$(id -u)" = 0 ]; then
    as_root=env
  elif command -v sudo >/dev/null 2>&1; then
    as_root='sudo env'
  else
    printf 'Run this as root, or install sudo, or install the packages above first.\n' >&2
    return 1
  fi
  export DEBIAN_FRONTEND=noninteractive
  # shellcheck disable=SC2086  # both are lists of words
  $as_root DEBIAN_FRONTEND=noninteractive apt-get update -q >&2 &&
    $as_root DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >&2
}

BUILD_PACKAGES='g++ cmake ninja-build pkg-config libboost1.81-dev libboost-program-options1.81-dev
  libboost-filesystem1.81-dev libgit2-dev libyaml-cpp-dev libfmt-dev nlohmann-json3-dev libsqlite3-dev
  libzstd-dev libfuse3-dev libarchive-dev zlib1g-dev libssl-dev ca-certificates git'
TEST_PACKAGES='catch2 acl attr rsync python3 python3-jsonschema python3-yaml jq zstd sqlite3 procps bash-completion
  munge slurmctld slurmd slurm-client par2'
