#!/usr/bin/env bash
# Build dist/keyfollow_VERSION_ARCH.deb: daemon, command line and desktop editor in an environment of their own under /opt/keyfollow.
#
#   installers/linux/build_deb.sh [OUTPUT]        PYTHON=/usr/bin/python3.11   VERSION=0.1.0
#
# Wheels only, from pip's index (or PIP_FIND_LINKS, PIP_NO_INDEX); the system's Python runs it and none of its packages are seen.
set -euo pipefail
umask 022
cd "$(dirname "$0")/../.."
here=installers/linux
python=${PYTHON:-/usr/bin/python3.11}
output=${1:-dist}
build=$(mktemp -d "${TMPDIR:-/tmp}/keyfollow-deb.XXXXXX")
trap 'rm -rf "$build"' EXIT
root=$build/root
opt=$root/opt/keyfollow
project() { "$python" -c "import tomllib; project = tomllib.load(open('pyproject.toml', 'rb'))['project']; print($1)"; }
# the version of the package may be given, so that an upgrade can be tried; the program's own is its source's
version=${VERSION:-$(project 'project["version"]')}
maintainer=$(project '"{name} <{email}>".format(**project["authors"][0])')
arch=$(dpkg --print-architecture)
minor=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
stamp=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}

# --- the environment, as it will lie on the person's machine -----------------------------------------------------------------
"$python" -m venv --without-pip "$opt"
pip=("${PIP:-python3}" -m pip --python "$opt/bin/python" --disable-pip-version-check --no-input)
mkdir -p "$opt/share/keyfollow/wheels"
"${PIP:-python3}" -m pip wheel -q --no-deps --wheel-dir "$opt/share/keyfollow/wheels" .
wheel=$(echo "$opt"/share/keyfollow/wheels/keyfollow-*.whl)
# pip is in it for `keyfollow setup`
"${pip[@]}" install -q --no-compile --only-binary :all: pip "keyfollow[desktop] @ file://$wheel"
# what installers noted of this build machine, and the tools beside the programs that nobody calls
rm -f "$opt"/lib/python*/site-packages/keyfollow-*.dist-info/direct_url.json
find "$opt/bin" -mindepth 1 ! -name 'python*' ! -name 'keyfollow*' -delete
rm -rf "$opt"/lib/python*/site-packages/PySide6/scripts
rm -f "$opt"/bin/python*
ln -s "/usr/bin/python$minor" "$opt/bin/python$minor"
ln -s "python$minor" "$opt/bin/python3"
ln -s python3 "$opt/bin/python"
rm -f "$opt/lib64"
ln -s lib "$opt/lib64"
sed -i "1s|.*|#!/opt/keyfollow/bin/python|" "$opt"/bin/keyfollow*
printf 'home = /usr/bin\ninclude-system-site-packages = false\nversion = %s\n' "$minor" >"$opt/pyvenv.cfg"
# compiled here: the person's account cannot write there
find "$root" -name __pycache__ -prune -exec rm -rf {} +
"$python" -m compileall -qq -j 1 --invalidation-mode unchecked-hash -s "$root" -p / "$opt/lib" || true # templates of other Pythons
find "$opt/lib" -name '*.so*' -type f -exec chmod 644 {} +
find "$opt/lib" -name '*.py' -type f -exec chmod 644 {} +

# --- where the system looks ---------------------------------------------------------------------------------------------------
mkdir -p "$root/usr/bin"
for program in keyfollow keyfollowd keyfollow-desktop; do
    ln -s "/opt/keyfollow/bin/$program" "$root/usr/bin/$program"
done
"$opt/bin/python" -B "$here/manuals.py" "$root/usr/share/man/man1"
gzip -9n "$root"/usr/share/man/man1/*.1
id=io.keyfollow.Keyfollow
install -D -m 644 "$here/$id.desktop" "$root/usr/share/applications/$id.desktop"
install -D -m 644 "$here/$id.mime.xml" "$root/usr/share/mime/packages/$id.xml"
install -D -m 644 "$here/keyfollowd.service" "$root/usr/lib/systemd/user/keyfollowd.service"
mkdir -p "$root/usr/share/metainfo"
sed "s/@VERSION@/$version/; s/@DATE@/$(date -u -d "@$stamp" +%F)/" "$here/$id.metainfo.xml" >"$root/usr/share/metainfo/$id.metainfo.xml"
install -D -m 644 installers/icons/keyfollow.svg "$root/usr/share/icons/hicolor/scalable/apps/$id.svg"
for size in 48 128 256; do
    mkdir -p "$root/usr/share/icons/hicolor/${size}x$size/apps"
    rsvg-convert --width "$size" --height "$size" installers/icons/keyfollow.svg --output "$root/usr/share/icons/hicolor/${size}x$size/apps/$id.png"
done
doc=$root/usr/share/doc/keyfollow
mkdir -p "$doc"
{
    printf 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: Keyfollow\n\n'
    printf 'Files: *\nCopyright: 2026 The Keyfollow authors\nLicense: Apache-2.0\n On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.\n\n'
    printf 'Files: /opt/keyfollow/lib/*\nCopyright: their authors\nLicense: see each\n'
    printf ' The packages under /opt/keyfollow/lib carry their licences in their .dist-info folders; third-party.md beside\n this file lists those that matter: FFmpeg with x264 and x265 (GPL) in PyAV, Qt (LGPL) in PySide6.\n'
} >"$doc/copyright"
install -m 644 docs/third-party.md "$doc/third-party.md"
printf 'keyfollow (%s) unstable; urgency=medium\n\n  * See CHANGELOG.md in the source.\n\n -- %s  %s\n' \
    "$version" "$maintainer" "$(LC_ALL=C date -u -R -d "@$stamp")" | gzip -9n >"$doc/changelog.gz"
install -D -m 644 "$here/lintian-overrides" "$root/usr/share/lintian/overrides/keyfollow"

# --- the package ----------------------------------------------------------------------------------------------------------------
mkdir -p "$root/DEBIAN"
# what Qt's wheels expect of the system
qt="libegl1, libgl1, libopengl0, libglib2.0-0, libdbus-1-3, libfontconfig1, libfreetype6, libx11-6, libx11-xcb1, libxcb1, libxcb-cursor0,
 libxcb-icccm4, libxcb-image0, libxcb-keysyms1, libxcb-randr0, libxcb-render-util0, libxcb-render0, libxcb-shape0, libxcb-shm0,
 libxcb-sync1, libxcb-xfixes0, libxcb-xkb1, libxkbcommon0, libxkbcommon-x11-0, fonts-dejavu-core | fonts-noto-core"
cat >"$root/DEBIAN/control" <<CONTROL
Package: keyfollow
Version: $version
Architecture: $arch
Maintainer: $maintainer
Installed-Size: $(du -sk --exclude=DEBIAN "$root" | cut -f1)
Depends: libc6 (>= 2.34), python$minor, ${qt//$'\n'/}
Suggests: krita | gimp
Section: video
Priority: optional
Description: edit one frame of a clip; every other frame follows
 Paint, recolour or retouch a single frame of a shot in the image editor you
 know; Keyfollow carries the edit through the rest of it, locally and offline.
 .
 This package has the daemon, the command line and the desktop editor, in an
 environment of its own. Engines that need torch are added for one user, for
 the device that is there, by "keyfollow setup".
CONTROL
for script in prerm postrm; do install -m 755 "$here/$script" "$root/DEBIAN/$script"; done
(cd "$root" && find usr opt -type f -print0 | sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
find "$root" -exec touch --no-dereference --date="@$stamp" {} +
mkdir -p "$output"
dpkg-deb --root-owner-group -Zxz -z2 --build "$root" "$output/keyfollow_${version}_$arch.deb"
