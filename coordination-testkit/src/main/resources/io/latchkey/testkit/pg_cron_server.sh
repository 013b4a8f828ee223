#!/bin/sh
# Puts a PostgreSQL with pg_cron into a folder: a small Debian of its own, by debootstrap. Nothing else on the machine changes.
#
#   pg_cron_server.sh 15 /var/cache/latchkey/postgresql-15    Debian 12: pg_cron 1.4, every minute
#   pg_cron_server.sh 17 /var/cache/latchkey/postgresql-17    Debian 13: pg_cron 1.6, every second
#
# Needs root, apt and the network the first time (about a minute); after that it only looks. FOLDER/enter PROGRAM ARGUMENTS runs
# a program of it as nobody, in the same process. Files under FOLDER have the same path inside and outside. To be rid of it: rm -r.
# LATCHKEY_DEBIAN_MIRROR: another mirror than debootstrap's own.
set -eu

major=$1
folder=$2
case $major in
    15) release=bookworm ;;
    17) release=trixie ;;
    *) echo "there is a recipe for PostgreSQL 15 and 17, not for $major" >&2; exit 2 ;;
esac
case $folder in
    /*) ;;
    *) echo "the folder is an absolute path, not $folder" >&2; exit 2 ;;
esac
[ ! -e "$folder/ready" ] || exit 0
[ "$(id -u)" = 0 ] || { echo 'only root can make a file system to chroot into' >&2; exit 2; }

# One at a time, whoever else builds; and in a mount namespace of its own, so that no mount outlives this script.
mkdir -p "$(dirname "$folder")"
if [ -z "${LATCHKEY_PG_CRON_LOCKED:-}" ]; then
    export LATCHKEY_PG_CRON_LOCKED=yes
    namespace=
    ! unshare --mount true 2>/dev/null || namespace='unshare --mount --propagation private'
    exec flock "$folder.lock" $namespace sh "$0" "$@"
fi
[ ! -e "$folder/ready" ] || exit 0

partial=$folder.partial
umount "$partial/proc" "$partial/sys" 2>/dev/null || true
rm -rf --one-file-system "$partial" "$folder"
mkdir "$partial"
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
http_proxy=${http_proxy:-$(apt-config dump --format '%v%n' Acquire::http::Proxy 2>/dev/null | tail -n 1)}
export http_proxy

# debootstrap is a shell script; its package need not be installed.
if ! command -v debootstrap >/dev/null; then
    mkdir -p "$folder.tools"
    cd "$folder.tools"
    apt-get -q download debootstrap || { apt-get -q update; apt-get -q download debootstrap; }
    dpkg-deb -x debootstrap_*.deb .
    export DEBOOTSTRAP_DIR="$folder.tools/usr/share/debootstrap" PATH="$folder.tools/usr/sbin:$PATH"
    cd /
fi
debootstrap --variant=minbase "$release" "$partial" ${LATCHKEY_DEBIAN_MIRROR:+"$LATCHKEY_DEBIAN_MIRROR"}

# The packages would create a cluster and start it.
mkdir -p "$partial/etc/postgresql-common"
echo 'create_main_cluster = false' >"$partial/etc/postgresql-common/createcluster.conf"
printf '#!/bin/sh\nexit 101\n' >"$partial/usr/sbin/policy-rc.d"
chmod +x "$partial/usr/sbin/policy-rc.d"
mount -t proc proc "$partial/proc" 2>/dev/null || true
chroot "$partial" apt-get -q -y --no-install-recommends install "postgresql-$major" "postgresql-$major-cron"
umount "$partial/proc" 2>/dev/null || true
rm -rf --one-file-system "$folder.tools" "$partial"/var/cache/apt/archives/*.deb "$partial"/var/lib/apt/lists/*
: >"$partial/dev/null" || { echo "$folder is on a file system without devices (nodev): choose another" >&2; exit 2; }

# The folder contains itself under its own name, so a path of a file in it is the same for both sides.
chmod 1777 "$partial/dev/shm"
mkdir -p "$partial$(dirname "$folder")" "$partial/servers"
ln -s / "$partial$folder"
cat >"$partial/enter" <<END
#!/bin/sh
program=\$1
shift
exec chroot --userspec=$(id -u nobody):$(id -g nobody) --groups= '$folder' "/usr/lib/postgresql/$major/bin/\$program" "\$@"
END
chmod +x "$partial/enter"
touch "$partial/ready"
mv "$partial" "$folder"
