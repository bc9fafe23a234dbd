#!/usr/bin/env bash
# Install a .deb in a clean Debian 12, use it there as an ordinary user, upgrade it, purge it. Root; debootstrap, lintian, Xvfb, xdotool.
#
#   installers/linux/verify_deb.sh OLD.deb NEW.deb WORK [CLEAN_CHROOT]
#
# OLD may be NEW built with an older VERSION. Screenshots and what was said stay in WORK.
set -euo pipefail
old=$(realpath "$1") new=$(realpath "$2")
mkdir -p "$3"
work=$(realpath "$3")
clean=${4:-$work/clean}
root=$work/root
display=:77
here=$(cd "$(dirname "$0")/../.." && pwd)

say() { printf '\n== %s\n' "$*"; }
# what the system itself may say of the package after it is gone
known='-path /proc -prune -o -path /sys -prune -o -path /home -prune -o -path /var/log -prune -o -path /var/cache -prune -o -path /var/lib/apt -prune -o -path /tmp -prune'

say "the package itself"
unpacked=$work/unpacked
rm -rf "$unpacked"
dpkg-deb -x "$new" "$unpacked"
desktop-file-validate "$unpacked"/usr/share/applications/*.desktop
appstreamcli validate --no-net "$unpacked"/usr/share/metainfo/*.xml
for page in "$unpacked"/usr/share/man/man1/*.gz; do
    test -z "$(MANROFFSEQ='' MANWIDTH=80 man --warnings -l "$page" 2>&1 >/dev/null)"
done
rm -rf "$unpacked"

[ -d "$clean/usr" ] || debootstrap --variant=minbase bookworm "$clean"
rm -rf "$root"
cp -a "$clean" "$root"
cleanup() {
    [ -z "${xvfb:-}" ] || kill "$xvfb" 2>/dev/null || true
    chroot "$root" pkill -u editor 2>/dev/null || true
    umount -l "$root/proc" "$root/dev/shm" "$root/dev" 2>/dev/null || true
}
trap cleanup EXIT
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
mount -t tmpfs shm "$root/dev/shm"
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp "$old" "$root/tmp/old.deb"
cp "$new" "$root/tmp/new.deb"
# it need not survive a power cut
echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/unsafe-io"
inside() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"; }
person() { inside runuser -u editor -- env HOME=/home/editor DISPLAY=$display "$@"; }

say "install the older one"
inside apt-get update -qq
# what every desktop has
inside apt-get install -qq -y --no-install-recommends procps systemd man-db shared-mime-info desktop-file-utils libglib2.0-bin >/dev/null
inside apt-get install -qq -y --no-install-recommends /tmp/old.deb >/dev/null
inside useradd --create-home editor
inside dpkg-query -W -f '${Package} ${Version} ${Status}\n' keyfollow

say "the unit"
inside env XDG_RUNTIME_DIR=/tmp systemd-analyze verify --man=no --user /usr/lib/systemd/user/keyfollowd.service

say "doctor and demo, as an ordinary user"
person keyfollow doctor
person keyfollow demo --output /home/editor/demo
person keyfollow takes list

say "the desktop editor under Xvfb"
Xvfb $display -screen 0 1680x1050x24 -nolisten tcp >/dev/null 2>&1 &
xvfb=$!
sleep 2
# until a window of the editor has this in its title, then a picture of the screen
picture() {
    for _ in $(seq 60); do
        DISPLAY=$display xdotool search --onlyvisible --name "$1" >/dev/null 2>&1 && break
        sleep 1
    done
    DISPLAY=$display xdotool search --onlyvisible --name "$1" >/dev/null
    sleep "${DESKTOP_S:-10}"
    DISPLAY=$display QT_QPA_PLATFORM=xcb "${SHOT_PYTHON:-$here/.venv/bin/python}" - "$2" <<'SHOT'
import sys
from PySide6.QtGui import QGuiApplication
app = QGuiApplication([])
assert app.primaryScreen().grabWindow(0).save(sys.argv[1])
SHOT
    inside pkill -TERM -u editor -f keyfollow-desktop || true
    sleep 2
}
person keyfollow-desktop /home/editor/demo/result.mp4 >"$work/desktop.log" 2>&1 &
picture Keyfollow "$work/older.png"

say "upgrade: takes, caches and projects stay"
person /opt/keyfollow/bin/python -c 'from pathlib import Path
from keyfollow_desktop.model.project_file import create
from keyfollow_desktop.model.state import Project
create(Path.home() / "Mine.kfproj", Project(name="Mine"))'
(cd "$root/home/editor" && find .local/share/keyfollow/takes .local/share/keyfollow/inversions Mine.kfproj -type f -exec sha256sum {} +) | sort >"$work/before"
inside apt-get install -qq -y --no-install-recommends /tmp/new.deb >/dev/null
inside dpkg-query -W -f '${Package} ${Version}\n' keyfollow
(cd "$root/home/editor" && sha256sum --quiet --check "$work/before")
test -s "$work/before"
person keyfollow demo --output /home/editor/demo2
person keyfollow cache list
person keyfollow daemon stop

say "the editor again"
person keyfollow-desktop /home/editor/demo2/result.mp4 >"$work/desktop.log" 2>&1 &
picture Keyfollow "$work/desktop.png"

say "a project of the older one opens the editor"
person gio info -a standard::content-type /home/editor/Mine.kfproj/project.otio | grep application/x-keyfollow-project
person gio mime application/x-keyfollow-project | grep io.keyfollow.Keyfollow.desktop
person gio open /home/editor/Mine.kfproj/project.otio >"$work/opened.log" 2>&1 &
picture 'Mine.*Keyfollow' "$work/opened.png"
inside sh -c 'test -s /usr/share/icons/hicolor/128x128/apps/io.keyfollow.Keyfollow.png'
inside man --where keyfollow keyfollowd keyfollow-desktop

say "purge: only what the person made is left"
inside apt-get purge -qq -y keyfollow >/dev/null
(cd "$root/home/editor" && sha256sum --quiet --check "$work/before")
inside sh -c "test ! -e /opt/keyfollow"
left=$(inside sh -c "find / -xdev $known -o -iname '*keyfollow*' -print")
test -z "$left" || { echo "left behind: $left"; exit 1; }
say "lintian"
lintian --fail-on error --tag-display-limit 3 "$new" || { echo "lintian found errors"; exit 1; }
echo "all of it holds"
