#!/usr/bin/env bash
# Build dist/keyfollow-VERSION-linux-ARCH.tar.gz: every wheel that is needed, and install.sh, which needs neither network nor root.
#
#   installers/linux/build_tarball.sh [OUTPUT]        PYTHONS="3.11 3.12 3.13"
set -euo pipefail
umask 022
cd "$(dirname "$0")/../.."
here=installers/linux
output=${1:-dist}
build=$(mktemp -d "${TMPDIR:-/tmp}/keyfollow-tarball.XXXXXX")
trap 'rm -rf "$build"' EXIT
pip=("${PIP:-python3}" -m pip --disable-pip-version-check --no-input)
version=$("${PIP:-python3}" -c 'import tomllib; print(tomllib.load(open("pyproject.toml", "rb"))["project"]["version"])')
arch=$(uname -m)
stamp=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
name=keyfollow-$version-linux-$arch
top=$build/$name

mkdir -p "$top/wheels" "$top/share"
"${pip[@]}" wheel -q --no-deps --wheel-dir "$top/wheels" .
for python in ${PYTHONS:-3.11 3.12 3.13}; do
    platforms=()
    for glibc in 34 31 28 27 26 24 17 5; do platforms+=(--platform "manylinux_2_${glibc}_$arch"); done
    "${pip[@]}" download -q --only-binary :all: --implementation cp --python-version "$python" \
        "${platforms[@]}" --platform "manylinux2014_$arch" --find-links "$top/wheels" --dest "$top/wheels" pip "keyfollow[desktop]==$version"
done
install -m 755 "$here/install.sh" "$top/install.sh"
install -m 644 LICENSE NOTICE docs/third-party.md "$top/"
id=io.keyfollow.Keyfollow
install -m 644 "$here/$id.desktop" "$here/$id.mime.xml" "$top/share/"
install -m 644 installers/icons/keyfollow.svg "$top/share/$id.svg"
sed "s/@VERSION@/$version/; s/@DATE@/$(date -u -d "@$stamp" +%F)/" "$here/$id.metainfo.xml" >"$top/share/$id.metainfo.xml"
# asks the command line itself, from the wheels
"${PIP:-python3}" -m venv --without-pip "$build/venv"
"${pip[@]}" --python "$build/venv/bin/python" install -q --no-compile --no-index --find-links "$top/wheels" keyfollow
"$build/venv/bin/python" "$here/manuals.py" "$top/share/man"
(cd "$top" && find . -type f ! -name SHA256SUMS -print0 | sort -z | xargs -0 sha256sum) >"$build/SHA256SUMS"
mv "$build/SHA256SUMS" "$top/"
mkdir -p "$output"
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$stamp" -C "$build" -cf - "$name" | gzip -n >"$output/$name.tar.gz"
echo "$output/$name.tar.gz"
