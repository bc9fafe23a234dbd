#!/usr/bin/env bash
# Build dist/keyfollow-VERSION-macos-ARCH.dmg on a Mac with the Xcode command line tools.
#
#   FRAMEWORK=/Library/Frameworks/Python.framework/Versions/3.12  IDENTITY="Developer ID Application: …"  NOTARY_PROFILE=…  installers/macos/build.sh
#
# FRAMEWORK is python.org's, copied whole into the bundle. Without IDENTITY it is signed ad hoc: it runs on this Mac alone.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=installers/macos
framework=${FRAMEWORK:-/Library/Frameworks/Python.framework/Versions/3.12}
identity=${IDENTITY:--}
version=$("$framework/bin/python3" -c 'import tomllib; print(tomllib.load(open("pyproject.toml", "rb"))["project"]["version"])')
build=build/macos
app=$build/Keyfollow.app
python=$app/Contents/Resources/python
rm -rf "$build"
mkdir -p "$app/Contents/MacOS" "$app/Contents/Resources" dist

# the interpreter and the packages: wheels only
cp -R "$framework" "$python"
rm -rf "$python"/lib/python*/site-packages/* "$python"/lib/python*/test
# it is linked to the place that python.org installs it in
minor=$(basename "$(cd "$framework" && pwd -P)")
for program in "$python/bin/python$minor" "$python/Resources/Python.app/Contents/MacOS/Python"; do
    depth=$([ "${program%/bin/*}" = "$program" ] && echo ../../../.. || echo ..)
    install_name_tool -change "/Library/Frameworks/Python.framework/Versions/$minor/Python" "@executable_path/$depth/Python" "$program"
done
wheels=$python/share/keyfollow/wheels
mkdir -p "$wheels"
"$framework/bin/python3" -m pip wheel --no-deps --wheel-dir "$wheels" .
"$framework/bin/python3" -m pip install --only-binary :all: --target "$(echo "$python"/lib/python*/site-packages)" pip "$(echo "$wheels"/keyfollow-*.whl)[desktop]"

# the bundle
sed "s/@VERSION@/$version/" "$here/Info.plist" >"$app/Contents/Info.plist"
plutil -lint "$app/Contents/Info.plist" "$here/entitlements.plist"
for pair in keyfollow-desktop:keyfollow_desktop keyfollow:keyfollow.cli keyfollowd:keyfollow_daemon; do
    program=$app/Contents/MacOS/${pair%%:*}
    printf '#!/bin/sh\nexec "$(dirname "$0")/../Resources/python/bin/python3" -m %s "$@"\n' "${pair##*:}" >"$program"
    chmod 755 "$program"
done
"$python/bin/python3" installers/icons/render.py "$build/keyfollow.iconset"
iconutil --convert icns "$build/keyfollow.iconset" --output "$app/Contents/Resources/keyfollow.icns"
cp LICENSE NOTICE docs/third-party.md "$app/Contents/Resources/"

# what was built must run before it is signed
"$app/Contents/MacOS/keyfollow" --version
"$app/Contents/MacOS/keyfollow" doctor

# inside out: libraries and programs first, then the bundle
find "$app/Contents/Resources" -type f \( -name '*.so' -o -name '*.dylib' -o -perm -u+x \) -print0 |
    while IFS= read -r -d '' file; do
        if file -b "$file" | grep -q Mach-O; then
            codesign --force --options runtime --timestamp --entitlements "$here/entitlements.plist" --sign "$identity" "$file"
        fi
    done
codesign --force --options runtime --timestamp --entitlements "$here/entitlements.plist" --sign "$identity" "$app"
codesign --verify --deep --strict "$app"

image=dist/keyfollow-$version-macos-$(uname -m).dmg
stage=$build/image
mkdir -p "$stage"
cp -R "$app" "$stage/"
ln -s /Applications "$stage/Applications"
hdiutil create -volname Keyfollow -srcfolder "$stage" -ov -format ULFO "$image"
if [ "$identity" != - ]; then
    codesign --sign "$identity" --timestamp "$image"
    xcrun notarytool submit "$image" --keychain-profile "${NOTARY_PROFILE:?}" --wait
    xcrun stapler staple "$image"
fi
echo "$image"
