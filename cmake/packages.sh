# Sourced by the launchers: installs the Debian packages that are missing, saying which.
#   need PACKAGE...
need() {
  local missing=()
  local package
  for package in "$@"; do
    dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
      missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "gainsay: installing ${missing[*]}" >&2
  local sudo=()
  [ "$(id -u)" -eq 0 ] || sudo=(sudo)
  "${sudo[@]}" apt-get update -qq >&2 </dev/null
  DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends \
    "${missing[@]}" >&2 </dev/null
}

build_packages=(g++ cmake ninja-build pkg-config libtbb-dev libboost1.81-dev nlohmann-json3-dev
  libcli11-dev libxxhash-dev libsodium-dev liblz4-dev libsqlite3-dev libsqlitecpp-dev
  libcpp-httplib-dev)
test_packages=(libgtest-dev librapidcheck-dev)
