#!/bin/sh
# Install Keyfollow for this user, from the wheels beside this file: no network, no root.
#
#   ./install.sh [--prefix DIR]     into ~/.local/opt/keyfollow, links in ~/.local/bin
#   ./install.sh --uninstall        takes that away; what you made stays
#
# An older one is moved aside, and back again if anything fails.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
prefix=${XDG_DATA_HOME:-$HOME/.local/share}/../opt/keyfollow
uninstall=
while [ $# -gt 0 ]; do
    case $1 in
    --prefix)
        prefix=$2
        shift
        ;;
    --uninstall) uninstall=1 ;;
    *)
        sed -n '2,7s/^# \{0,1\}//p' "$0"
        [ "$1" = --help ] && exit 0
        exit 2
        ;;
    esac
    shift
done
mkdir -p "$(dirname "$prefix")"
prefix=$(cd "$(dirname "$prefix")" && pwd)/$(basename "$prefix")
bin=$HOME/.local/bin
share=${XDG_DATA_HOME:-$HOME/.local/share}
id=io.keyfollow.Keyfollow
programs="keyfollow keyfollowd keyfollow-desktop"

refresh() {
    update-desktop-database "$share/applications" 2>/dev/null || true
    update-mime-database "$share/mime" 2>/dev/null || true
}

if [ -n "$uninstall" ]; then
    for program in $programs; do
        # a link of ours, or somebody else's program
        [ "$(readlink "$bin/$program" || true)" = "$prefix/bin/$program" ] && rm -f "$bin/$program"
    done
    rm -rf "$prefix" "$share/applications/$id.desktop" "$share/mime/packages/$id.xml" "$share/icons/hicolor/scalable/apps/$id.svg" \
        "$share/metainfo/$id.metainfo.xml"
    for program in $programs; do rm -f "$share/man/man1/$program.1"; done
    refresh
    echo "Removed. Takes, models and projects are where they were; keyfollow setup --uninstall would have removed caches."
    exit 0
fi

python=
for candidate in ${KEYFOLLOW_PYTHON:-python3.13 python3.12 python3.11 python3}; do
    if tag=$("$candidate" -c 'import sys, venv; print("cp%d%d" % sys.version_info[:2])' 2>/dev/null) &&
        { ls "$here"/wheels/numpy-*-"$tag"-*.whl >/dev/null 2>&1 || ! ls "$here"/wheels/numpy-* >/dev/null 2>&1; }; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "Keyfollow needs Python 3.11, 3.12 or 3.13. Install one, for example: sudo apt install python3" >&2
    exit 1
fi
if [ -f "$here/SHA256SUMS" ] && ! (cd "$here" && sha256sum --quiet --check SHA256SUMS); then
    echo "The archive is damaged. Unpack it again, or fetch it again." >&2
    exit 1
fi

rm -rf "$prefix.old"
[ ! -e "$prefix" ] || mv "$prefix" "$prefix.old"
back() {
    rm -rf "$prefix"
    [ ! -e "$prefix.old" ] || mv "$prefix.old" "$prefix"
    echo "Nothing was changed." >&2
}
trap 'back; exit 1' HUP INT TERM
"$python" -m venv --without-pip "$prefix" &&
    "$python" "$(echo "$here"/wheels/pip-*.whl)/pip" --python "$prefix/bin/python" --disable-pip-version-check install -q --no-compile \
        --no-index --find-links "$here/wheels" pip "keyfollow[desktop]" &&
    "$prefix/bin/keyfollow" --version >/dev/null || {
    back
    exit 1
}
trap - HUP INT TERM
rm -rf "$prefix.old"
# so that `keyfollow setup` installs this very build
mkdir -p "$prefix/share/keyfollow/wheels" "$bin" "$share/applications" "$share/mime/packages" "$share/icons/hicolor/scalable/apps" \
    "$share/metainfo" "$share/man/man1"
cp "$here"/wheels/keyfollow-*.whl "$prefix/share/keyfollow/wheels/"
for program in $programs; do ln -sf "$prefix/bin/$program" "$bin/$program"; done
sed "s|^Exec=.*|Exec=\"$prefix/bin/keyfollow-desktop\" %F|" "$here/share/$id.desktop" >"$share/applications/$id.desktop"
cp "$here/share/$id.mime.xml" "$share/mime/packages/$id.xml"
cp "$here/share/$id.svg" "$share/icons/hicolor/scalable/apps/"
cp "$here/share/$id.metainfo.xml" "$share/metainfo/"
cp "$here"/share/man/*.1 "$share/man/man1/"
refresh
echo "Installed in $prefix."
case ":$PATH:" in *":$bin:"*) echo "Try: keyfollow demo" ;; *) echo "$bin is not on your PATH. Try: $bin/keyfollow demo" ;; esac
