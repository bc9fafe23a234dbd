; Inno Setup 6: iscc /DVersion=0.1.0 /DSource=build\windows\keyfollow keyfollow.iss       (build.ps1 does it)
#ifndef Version
  #error "say /DVersion=…"
#endif
#ifndef Source
  #error "say /DSource=…"
#endif

[Setup]
AppId={{6F1D2C58-40B7-4C1E-9C0F-6B2B6F1E9A11}
AppName=Keyfollow
AppVersion={#Version}
AppPublisher=The Keyfollow authors
DefaultDirName={autopf}\Keyfollow
DefaultGroupName=Keyfollow
LicenseFile=..\..\LICENSE
InfoBeforeFile=..\..\docs\third-party.md
; for one person without an administrator, or for all with one
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
MinVersion=10.0.17763
; the editor makes no mutex to ask for: Windows' Restart Manager finds who holds the files and closes it
CloseApplications=yes
CloseApplicationsFilter=*.exe,*.dll,*.pyd
RestartApplications=no
Compression=lzma2/max
SolidCompression=yes
WizardStyle=modern
ChangesAssociations=yes
ChangesEnvironment=yes
OutputBaseFilename=keyfollow-{#Version}-windows-x64
SetupIconFile={#Source}\keyfollow.ico
UninstallDisplayIcon={app}\keyfollow.ico

[Tasks]
Name: desktopicon; Description: "{cm:CreateDesktopIcon}"; GroupDescription: "{cm:AdditionalIcons}"; Flags: unchecked
Name: path; Description: "Add the command line (keyfollow) to PATH"; Flags: unchecked

[Files]
Source: "{#Source}\*"; DestDir: "{app}"; Flags: ignoreversion recursesubdirs createallsubdirs

[Icons]
Name: "{group}\Keyfollow"; Filename: "{app}\python\pythonw.exe"; Parameters: "-m keyfollow_desktop"; IconFilename: "{app}\keyfollow.ico"
Name: "{autodesktop}\Keyfollow"; Filename: "{app}\python\pythonw.exe"; Parameters: "-m keyfollow_desktop"; IconFilename: "{app}\keyfollow.ico"; Tasks: desktopicon

[Registry]
; a project is a folder: folders have no suffix to be associated with, but commands of their own
Root: HKA; Subkey: "Software\Classes\Directory\shell\Keyfollow"; ValueType: string; ValueData: "Open in Keyfollow"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\Directory\shell\Keyfollow"; ValueType: string; ValueName: "AppliesTo"; ValueData: "System.FileName:""*.kfproj"""
Root: HKA; Subkey: "Software\Classes\Directory\shell\Keyfollow"; ValueType: string; ValueName: "Icon"; ValueData: "{app}\keyfollow.ico"
Root: HKA; Subkey: "Software\Classes\Directory\shell\Keyfollow\command"; ValueType: string; ValueData: """{app}\python\pythonw.exe"" -m keyfollow_desktop ""%1"""
Root: HKCU; Subkey: "Environment"; ValueType: expandsz; ValueName: "Path"; ValueData: "{olddata};{app}\bin"; Tasks: path; Check: NotOnPath('{app}\bin')

[Run]
Filename: "{app}\python\pythonw.exe"; Parameters: "-m keyfollow_desktop"; Description: "{cm:LaunchProgram,Keyfollow}"; Flags: nowait postinstall skipifsilent

[UninstallRun]
; it keeps its jobs; files of a running daemon could not be removed
Filename: "{app}\bin\keyfollow.cmd"; Parameters: "daemon stop"; Flags: runhidden; RunOnceId: "StopDaemon"

[UninstallDelete]
Type: filesandordirs; Name: "{app}"

[Code]
function NotOnPath(Folder: string): Boolean;
var
  Path: string;
begin
  if not RegQueryStringValue(HKEY_CURRENT_USER, 'Environment', 'Path', Path) then
    Path := '';
  Result := Pos(';' + Uppercase(ExpandConstant(Folder)) + ';', ';' + Uppercase(Path) + ';') = 0;
end;
