#!/bin/sh
# unpack.sh PACKAGES TREE: what the Dockerfile's first half makes, without a
# registry and without root: downloads the listed Debian packages and unpacks
# them into TREE. Needs a Debian or Ubuntu host.
set -eu
packages=$(realpath "$1") tree=$(realpath -m "$2")
debs=$(mktemp -d)
trap 'rm -rf "$debs"' EXIT
chmod 755 "$debs"
cd "$debs"
xargs apt-get -qq -o APT::Sandbox::User=root download < "$packages"
mkdir -p "$tree"
for deb in *.deb; do dpkg-deb -x "$deb" "$tree"; done
cd "$tree"

# What the packages' installation scripts would have done.
mkdir -p dev proc sys run tmp root etc/ssl/certs sbin usr/local/bin var/lib/containerd
chmod 1777 tmp
cat usr/share/ca-certificates/mozilla/*.crt > etc/ssl/certs/ca-certificates.crt
printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n' > etc/passwd
printf 'root:x:0:\nnogroup:x:65534:\n' > etc/group
ln -s busybox bin/sh
for command in iptables ip6tables; do
	for suffix in '' -save -restore; do ln -sf "$command-nft$suffix" "usr/sbin/$command$suffix"; done
done

# What no node needs.
rm -rf usr/share/doc usr/share/man usr/share/locale usr/share/lintian usr/share/bash-completion \
	usr/share/initramfs-tools usr/share/ca-certificates usr/lib/*/gconv usr/share/bug
