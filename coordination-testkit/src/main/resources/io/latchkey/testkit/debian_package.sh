#!/bin/sh
# Unpacks a Debian package, with those it depends on and this machine lacks, into a folder. Nothing is installed: no service
# starts, and nothing else on the machine changes.
#
#   debian_package.sh pgbouncer /var/cache/latchkey/pgbouncer
#
# Needs root, apt and the network the first time (two seconds); after that it only looks. To be rid of it: rm -r.
set -eu

package=$1
folder=$2
case $folder in
    /*) ;;
    *) echo "the folder is an absolute path, not $folder" >&2; exit 2 ;;
esac
[ ! -e "$folder/ready" ] || exit 0
[ "$(id -u)" = 0 ] || { echo 'only root can run apt-get' >&2; exit 2; }
command -v apt-get >/dev/null || { echo 'there is no apt-get' >&2; exit 2; }

# One at a time, whoever else wants it.
mkdir -p "$(dirname "$folder")"
if [ -z "${LATCHKEY_PACKAGE_LOCKED:-}" ]; then
    export LATCHKEY_PACKAGE_LOCKED=yes
    exec flock "$folder.lock" sh "$0" "$@"
fi
[ ! -e "$folder/ready" ] || exit 0

partial=$folder.partial
rm -rf --one-file-system "$partial" "$folder"
mkdir -p "$partial/debs/partial"
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
# Without the locks of apt and dpkg, which somebody may have for minutes: this writes into the folder alone.
download() {
    apt-get -q -y --no-install-recommends --reinstall --download-only -o Debug::NoLocking=true -o Dir::Cache::archives="$partial/debs" install "$package"
}
download || { apt-get -q update; download; }
for deb in "$partial"/debs/*.deb; do
    dpkg-deb -x "$deb" "$partial"
done
rm -r "$partial/debs"
chmod 755 "$partial"
touch "$partial/ready"
mv "$partial" "$folder"
