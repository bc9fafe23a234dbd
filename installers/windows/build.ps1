# Build dist\keyfollow-VERSION-windows-x64.exe on a Windows machine with Python 3.11 or newer and Inno Setup 6.
#
#   powershell -File installers\windows\build.ps1 [-Python 3.12.8] [-Certificate THUMBPRINT]
#
# Its Python is python.org's NuGet package, whole (`keyfollow setup` needs venv, which the embeddable archive lacks), so nothing of the
# machine's own Python is seen or touched.
param(
    [string]$Python = "3.12.8",
    [string]$Certificate = "",
    [string]$Iscc = "${env:ProgramFiles(x86)}\Inno Setup 6\ISCC.exe"
)
$ErrorActionPreference = "Stop"
Set-Location (Join-Path $PSScriptRoot "..\..")

function Invoke-Checked {
    param([string]$Program, [string[]]$Words)
    & $Program @Words
    if ($LASTEXITCODE -ne 0) { throw "$Program failed with exit code $LASTEXITCODE" }
}

$version = python -c "import tomllib; print(tomllib.load(open('pyproject.toml', 'rb'))['project']['version'])"
$minor = ($Python -split "\.")[0..1] -join "."
$build = "build\windows"
$root = "$build\keyfollow"
if (Test-Path $build) { Remove-Item -Recurse -Force $build }
New-Item -ItemType Directory -Force "$root\python", "$root\bin", "$root\python\share\keyfollow\wheels", "dist" | Out-Null

# the interpreter
$archive = "$build\python.zip"
Invoke-WebRequest "https://www.nuget.org/api/v2/package/python/$Python" -OutFile $archive
Expand-Archive $archive "$build\nuget"
Copy-Item -Recurse "$build\nuget\tools\*" "$root\python"

# the packages: wheels only, for that interpreter
Invoke-Checked python @("-m", "pip", "wheel", "--no-deps", "--wheel-dir", "$root\python\share\keyfollow\wheels", ".")
$wheel = (Get-ChildItem "$root\python\share\keyfollow\wheels\keyfollow-*.whl").FullName
Invoke-Checked python @("-m", "pip", "install", "--only-binary", ":all:", "--platform", "win_amd64", "--python-version", $minor,
    "--implementation", "cp", "--target", "$root\python\Lib\site-packages", "pip", "$wheel[desktop]")

# what is typed
foreach ($pair in @(@("keyfollow", "keyfollow"), @("keyfollowd", "keyfollow_daemon"), @("keyfollow-desktop", "keyfollow_desktop"))) {
    $module = if ($pair[0] -eq "keyfollow") { "keyfollow.cli" } else { $pair[1] }
    Set-Content "$root\bin\$($pair[0]).cmd" @("@echo off", "`"%~dp0..\python\python.exe`" -m $module %*") -Encoding ascii
}
Invoke-Checked "$root\python\python.exe" @("installers\icons\render.py", "$root\keyfollow.ico")
Copy-Item LICENSE, NOTICE, docs\third-party.md $root

# what was built must run before it is packed
Invoke-Checked "$root\bin\keyfollow.cmd" @("--version")
Invoke-Checked "$root\bin\keyfollow.cmd" @("doctor")

Invoke-Checked $Iscc @("/Qp", "/DVersion=$version", "/DSource=$((Resolve-Path $root).Path)", "/O$((Resolve-Path dist).Path)",
    "installers\windows\keyfollow.iss")
if ($Certificate) {
    Invoke-Checked signtool @("sign", "/sha1", $Certificate, "/fd", "SHA256", "/tr", "http://timestamp.digicert.com", "/td", "SHA256",
        "dist\keyfollow-$version-windows-x64.exe")
}
