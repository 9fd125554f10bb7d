#!/usr/bin/env bash
# Makes the benchmark's peers below the folder that is given: a current nginx with a current
# OpenSSL (sources from crates.io, some three minutes on two cores); Debian's h2o, unpacked
# but not installed, since installing it starts it; and Debian's asyncssh, unpacked as well,
# since nothing else needs it. Each is made once. What cannot be made leaves its reason in
# `why-not`, and the benchmark goes on without it. Set a version here, and the peer is made
# anew.
set -uo pipefail
nginx_src=1.28.5+1.28.3 nginx_sum=60c9192630560c017a18e1da5b4c5de9d78450923f17325752c6f0f7f3911c86
openssl_src=400.0.2+4.0.3 openssl_sum=d2093956673b8dbda85c87fa4fb78e70698ce6c5978a2837d1613f661d3bef76

mkdir -p "$1"
cd "$1" || exit 1

# The sources of a crate: unpacked by cargo, which compares its registry's checksum; ours
# beside it pins the content.
crate() {
  local folder=sources/vendor/$1-$2
  grep -q "\"package\":\"$3\"" "$folder/.cargo-checksum.json" || { echo "error: $folder is not what it was" >&2; return 1; }
  echo "$PWD/$folder"
}

vendor() {
  mkdir -p sources
  cat >sources/Cargo.toml <<EOF
[package]
name = "sources"
version = "0.0.0"
edition = "2024"
[lib]
path = "/dev/null"
[dependencies]
nginx-src = "=${nginx_src%+*}"
openssl-src = "=${openssl_src%+*}"
[workspace]
EOF
  cargo vendor --quiet --versioned-dirs --manifest-path sources/Cargo.toml sources/vendor
}

nginx() {
  vendor || return
  local openssl nginx made=$PWD/nginx
  openssl=$(crate openssl-src "$openssl_src" "$openssl_sum")/openssl || return
  nginx=$(crate nginx-src "$nginx_src" "$nginx_sum")/nginx || return
  mkdir -p build/openssl
  (cd build/openssl && perl "$openssl/Configure" no-shared no-module no-legacy no-ocsp no-tests no-docs no-apps \
    --prefix="$PWD/../install" --libdir=lib && make -s -j"$(nproc)" build_sw && make -s install_dev) || return
  # Neither rewriting nor compression: nobody asks for them, and they need more libraries.
  # OpenSSL 4 is newer than this nginx: const differs, which is a warning and not an error
  # here, and OCSP stapling does not compile, which is left out above.
  (cd "$nginx" && sh auto/configure --builddir="$made/objs" --prefix="$made" --with-http_ssl_module \
    --without-http_rewrite_module --without-http_gzip_module --with-threads --with-file-aio \
    --with-cc-opt="-O3 -Wno-error -I$PWD/../../../../build/install/include" \
    --with-ld-opt="-L$PWD/../../../../build/install/lib" &&
    make -s -j"$(nproc)" -f "$made/objs/Makefile" binary) || return
  mv nginx/objs/nginx nginx/nginx && rm -r nginx/objs build sources
  echo "nginx ${nginx_src#*+}, OpenSSL ${openssl_src#*+}" >nginx/name
}

# Unpacks packages of Debian: a folder, their names.
unpack() {
  (cd "$1" && apt-get download "${@:2}" && for package in *.deb; do dpkg-deb -x "$package" .; done) || return
  rm "$1"/*.deb
}

h2o() {
  unpack h2o h2o libyaml-0-2 || return
  echo "h2o $(h2o_version) (Debian)" >h2o/name
}

h2o_version() {
  LD_LIBRARY_PATH=$(echo h2o/usr/lib/*-linux-gnu) h2o/usr/bin/h2o --version | sed -n 's/^h2o version //p'
}

# A script on it runs on uvloop, as whoever wants it to be quick has it. The rest of what it imports
# came with ansible-core.
asyncssh() {
  unpack asyncssh python3-asyncssh python3-typing-extensions python3-uvloop libuv1 || return
  echo "asyncssh $(sed -n "s/^__version__ = '\(.*\)'/\1/p" asyncssh/usr/lib/python3/dist-packages/asyncssh/version.py) (Debian)" >asyncssh/name
}

# Makes one, once: its name, its versions.
make_once() {
  [ "$(cat "$1/made" 2>/dev/null)" = "$2" ] && return
  rm -rf "$1" && mkdir "$1"
  echo "bench: making the peer $1, once; its log: $PWD/$1.log" >&2
  local begun=$SECONDS
  if "$1" >"$1.log" 2>&1; then
    echo "$2" >"$1/made"
    echo "bench: made $(cat "$1/name") in $((SECONDS - begun)) s" >&2
  else
    echo "$1 is missing: $(grep -m 1 -i 'error' "$1.log" || tail -n 1 "$1.log")" | tee "$1/why-not" >&2
  fi
}

make_once nginx "$nginx_src $openssl_src"
make_once h2o Debian
make_once asyncssh Debian
